import { Form, Input, Select } from "antd";
import { useNavigate } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { call } from "../api.ts";
import { useChange } from "../calls.ts";
import { FormDrawer } from "../parts/form-drawer.tsx";
import { type Account, rankName, ranks } from "./words.ts";

interface Values {
  readonly name: string;
  readonly rank: number;
}

export function CreateAccount({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const create = useChange("POST /accounts");
  return (
    <FormDrawer<Values>
      title={t("新建账户", "New account")}
      initial={{ name: "", rank: 3 }}
      submitText={t("创建", "Create")}
      onClose={onClose}
      onSubmit={async (values) => {
        const { account_no } = await create.mutateAsync({ body: values });
        return () => void navigate(`/accounts/${account_no}`);
      }}
    >
      <AccountFields />
    </FormDrawer>
  );
}

export function EditAccount({ account, onClose }: { readonly account: Account; readonly onClose: () => void }) {
  const { t, language } = useLanguage();
  const update = useChange("PATCH /accounts/:account_no");
  const params = { account_no: account.account_no };
  return (
    <FormDrawer<Values>
      title={t(`编辑账户 ${account.account_no}`, `Account ${account.account_no}`)}
      initial={{ name: account.name, rank: account.rank }}
      submitText={t("保存", "Save")}
      record={{
        version: account.version,
        object: { kind: "account", id: String(account.account_no) },
        fields: [
          { name: "name", label: t("名称", "Name"), show: ({ name }) => name },
          { name: "rank", label: t("等级", "Rank"), show: ({ rank }) => rankName(rank, t) },
        ],
        load: async () => {
          const { version, name, rank } = await call("GET /accounts/:account_no", { params }, { language });
          return { version, values: { name, rank } };
        },
      }}
      onClose={onClose}
      onSubmit={async (values, version) => {
        await update.mutateAsync({ params, body: { version, ...values } });
      }}
    >
      <AccountFields />
    </FormDrawer>
  );
}

function AccountFields() {
  const { t } = useLanguage();
  return (
    <>
      <Form.Item name="name" label={t("名称", "Name")}>
        <Input autoComplete="off" maxLength={120} />
      </Form.Item>
      <Form.Item name="rank" label={t("等级", "Rank")}>
        <Select options={ranks.map((rank) => ({ value: rank, label: rankName(rank, t) }))} />
      </Form.Item>
    </>
  );
}
