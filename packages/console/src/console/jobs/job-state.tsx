import { Badge } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { type JobState as State, stateName } from "./words.ts";

const dots = {
  uploading: "processing",
  waiting: "processing",
  running: "processing",
  checked: "warning",
  succeeded: "success",
  failed: "error",
  cancelled: "default",
} as const satisfies Readonly<Record<State, string>>;

export function JobState({ state }: { readonly state: State }) {
  const { t } = useLanguage();
  return <Badge status={dots[state]} text={stateName(state, t)} />;
}
