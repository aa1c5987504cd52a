import { Table, Tooltip } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { type FoundCall, characterKinds } from "./words.ts";
import styles from "./call-log.module.css";

type Parameter = NonNullable<FoundCall["parameters"]>[number];

/** The parameters of a call as they were received, as far as they were kept. */
export function ParametersTable({ call }: { readonly call: FoundCall }) {
  const { t } = useLanguage();
  const { parameters } = call;
  if (parameters === null)
    return (
      <p className={styles["note"]}>
        {t(
          "没有可显示的参数：请求体没有被读取，或者不是有效的 JSON 对象。",
          "None: the body was not read, or is no valid JSON object.",
        )}
      </p>
    );
  return (
    <>
      <Table<Parameter>
        rowKey="name"
        size="small"
        pagination={false}
        dataSource={parameters}
        locale={{ emptyText: t("除 client_id 与 sign 外没有参数", "None but client_id and sign") }}
        columns={[
          {
            title: t("参数", "Parameter"),
            width: "38%",
            render: (_, { name }) => <span className={`mono ${styles["wrap"]}`}>{name}</span>,
          },
          { title: t("值", "Value"), render: (_, parameter) => <Value parameter={parameter} /> },
        ]}
      />
      <small>
        {t(
          "sign 从不保存；可能是密钥的内容只记录长度与字符种类。方括号中的数字，如 [40]，表示那里有同样长的一串字符被隐去。",
          "The sign is never kept; of what could be a secret only the length and kinds of characters are. A number in brackets, such as [40], stands for so many characters that are masked.",
        )}
      </small>
    </>
  );
}

function Value({ parameter }: { readonly parameter: Parameter }) {
  const { t } = useLanguage();
  const { value, length, characters } = parameter;
  if (value !== null)
    return value === "" ? (
      <small>{t("（空）", "(empty)")}</small>
    ) : (
      <span className={`mono ${styles["wrap"]}`}>{value}</span>
    );
  const kinds =
    characters.length === 0 ? "" : t(`：${characterKinds(characters, t)}`, `: ${characterKinds(characters, t)}`);
  return (
    <Tooltip
      title={t(
        "不符合这个参数的规则，或不是此接口的参数，因此不保存其内容",
        "It fits no declared parameter, so that its text is not kept",
      )}
    >
      <span className={styles["masked"]}>
        {t(`未保存，${length ?? 0} 个字符${kinds}`, `not kept, ${length ?? 0} characters${kinds}`)}
      </span>
    </Tooltip>
  );
}
