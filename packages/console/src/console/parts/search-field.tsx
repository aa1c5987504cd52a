import { Input } from "antd";
import { useState } from "react";

/** Narrows a list once its text has been typed to the end: with Enter, or by leaving the field. */
export function SearchField(props: {
  readonly label: string;
  readonly value: string;
  readonly width?: number;
  readonly onSearch: (text: string) => void;
}) {
  const [typed, setTyped] = useState<string>();
  const { label, value, width = 280 } = props;
  return (
    <Input.Search
      aria-label={label}
      placeholder={label}
      allowClear
      maxLength={100}
      style={{ width, maxWidth: "100%" }}
      value={typed ?? value}
      onChange={(event) => setTyped(event.target.value)}
      onSearch={(text) => {
        setTyped(undefined);
        props.onSearch(text.trim());
      }}
    />
  );
}
