import { SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { requestIdIn } from "./words.ts";
import styles from "./call-log.module.css";

/** Leads to the call that an integrator names on the telephone. Takes the id, or the whole answer with the id in it. */
export function LookUp() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const label = t("按 request_id 查找一次调用", "Find a call by its request_id");
  return (
    <Input.Search
      className={styles["lookUp"]}
      size="large"
      aria-label={label}
      placeholder={t("粘贴 request_id，或包含它的整个应答", "Paste a request_id, or the whole answer with it")}
      allowClear
      enterButton={
        <>
          <SearchOutlined /> {t("查找", "Find")}
        </>
      }
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onSearch={() => {
        const requestId = requestIdIn(typed);
        if (requestId === "") return;
        setTyped("");
        void navigate(`/calls/${encodeURIComponent(requestId)}`);
      }}
    />
  );
}
