import { Alert, AutoComplete, Drawer, Form, Input, InputNumber, Radio, Select } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { call } from "../api.ts";
import { useAnswer, useChange } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { FormDrawer, type FormField } from "../parts/form-drawer.tsx";
import { useFormat } from "../parts/format.ts";
import styles from "../parts/forms.module.css";
import { readMegabytes, readMoney } from "../parts/typed-number.ts";
import { type Product, carrierName, knownCarriers, levelName, levels, monthsName, scopeName } from "./words.ts";

interface Values {
  readonly product_no: string;
  readonly name: string;
  readonly carrier: string;
  readonly data_value: string;
  readonly month: number;
  readonly level: number;
  readonly eft_type: number;
  readonly fee: string;
  readonly origin_price: string;
}

const empty: Values = {
  product_no: "",
  name: "",
  carrier: "cmcc",
  data_value: "",
  month: 1,
  level: 1,
  eft_type: 0,
  fee: "",
  origin_price: "",
};

/** As the server takes them: sizes and prices read as they were typed. */
function sent({ product_no: _productNo, ...values }: Values) {
  return {
    ...values,
    data_value: readMegabytes(values.data_value),
    fee: readMoney(values.fee),
    origin_price: readMoney(values.origin_price),
  };
}

export function CreateProduct({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLanguage();
  const create = useChange("POST /products");
  return (
    <FormDrawer<Values>
      title={t("新建套餐", "New product")}
      initial={empty}
      submitText={t("创建", "Create")}
      onClose={onClose}
      onSubmit={async (values) => {
        await create.mutateAsync({ body: { product_no: values.product_no.trim(), ...sent(values) } });
      }}
    >
      <Form.Item
        name="product_no"
        label={t("套餐编号", "Number")}
        extra={t(
          "数字、字母、_ 或 -，最多 32 位；创建后不能修改。",
          "Digits, letters, _ or -, up to 32; it cannot be changed afterwards.",
        )}
      >
        <Input className="mono" autoComplete="off" maxLength={40} />
      </Form.Item>
      <ProductFields />
    </FormDrawer>
  );
}

export function EditProduct({ productNo, onClose }: { readonly productNo: string; readonly onClose: () => void }) {
  const { t } = useLanguage();
  const { data, error, isFetching, refetch } = useAnswer("GET /products/:product_no", {
    params: { product_no: productNo },
  });
  // Not what is remembered from some time ago: a form that begins with that would be refused.
  const [product, setProduct] = useState<Product>();
  if (product === undefined && data !== undefined && !isFetching) setProduct(data);
  if (product !== undefined) return <EditLoaded product={product} onClose={onClose} />;
  if (error === null) return null;
  return (
    <Drawer open title={t("编辑套餐", "Product")} onClose={onClose}>
      <Failure error={error} onRetry={() => void refetch()} />
    </Drawer>
  );
}

function EditLoaded({ product, onClose }: { readonly product: Product; readonly onClose: () => void }) {
  const { t, language } = useLanguage();
  const update = useChange("PATCH /products/:product_no");
  const fields = useFields();
  const params = { product_no: product.product_no };
  return (
    <FormDrawer<Values>
      title={t(`编辑套餐 ${product.product_no}`, `Product ${product.product_no}`)}
      initial={valuesOf(product)}
      submitText={t("保存", "Save")}
      record={{
        version: product.version,
        object: { kind: "product", id: product.product_no },
        fields,
        load: async () => {
          const now = await call("GET /products/:product_no", { params }, { language });
          return { version: now.version, values: valuesOf(now) };
        },
      }}
      onClose={onClose}
      onSubmit={async (values, version) => {
        await update.mutateAsync({ params, body: { version, ...sent(values) } });
      }}
    >
      <Alert
        type="info"
        showIcon
        style={{ marginBottom: 16 }}
        title={t(
          "只影响之后的订购：已订购的套餐保留订购时的名称、流量、有效期和级别，各账期的可用流量不变。",
          "This holds for what is ordered from now on: packages that cards already have keep the name, size, term and level they were ordered with, and no card's allowance changes.",
        )}
      />
      <ProductFields />
    </FormDrawer>
  );
}

function valuesOf(product: Product): Values {
  const { product_no, name, carrier, data_value, month, level, eft_type, fee, origin_price } = product;
  return { product_no, name, carrier, data_value, month, level, eft_type, fee, origin_price };
}

function useFields(): FormField<Values>[] {
  const { t } = useLanguage();
  return [
    { name: "name", label: t("名称", "Name"), show: ({ name }) => name },
    { name: "carrier", label: t("运营商", "Carrier"), show: ({ carrier }) => carrierName(carrier, t) },
    { name: "data_value", label: t("流量", "Size"), show: ({ data_value }) => `${readMegabytes(data_value)} MB` },
    { name: "month", label: t("有效期", "Term"), show: ({ month }) => monthsName(month, t) },
    { name: "level", label: t("级别", "Level"), show: ({ level }) => levelName(level, t) },
    { name: "eft_type", label: t("范围", "Scope"), show: ({ eft_type }) => scopeName(eft_type, t) },
    { name: "fee", label: t("售价", "Price"), show: ({ fee }) => readMoney(fee) },
    { name: "origin_price", label: t("原价", "List price"), show: ({ origin_price }) => readMoney(origin_price) },
  ];
}

function ProductFields() {
  const { t } = useLanguage();
  const carriers = useAnswer("GET /product-carriers", {});
  const offered = [...new Set([...knownCarriers, ...(carriers.data?.list ?? [])])];
  return (
    <>
      <Form.Item name="name" label={t("名称", "Name")}>
        <Input autoComplete="off" maxLength={120} />
      </Form.Item>
      <Form.Item
        name="carrier"
        label={t("运营商", "Carrier")}
        extra={t("可从列表中选，也可以填其他代码。", "Choose one, or type another code.")}
      >
        <AutoComplete options={offered.map((one) => ({ value: one, label: carrierName(one, t) }))} />
      </Form.Item>
      <div className={styles["pair"]}>
        <SizeField />
        <Form.Item name="month" label={t("有效期（月）", "Term in months")}>
          <InputNumber min={1} max={120} precision={0} style={{ width: "100%" }} />
        </Form.Item>
      </div>
      <Form.Item name="level" label={t("级别", "Level")} extra={<LevelHelp />}>
        <Select options={levels.map((one) => ({ value: one, label: levelName(one, t) }))} />
      </Form.Item>
      <Form.Item name="eft_type" label={t("范围", "Scope")}>
        <Radio.Group options={[0, 1].map((one) => ({ value: one, label: scopeName(one, t) }))} />
      </Form.Item>
      <div className={styles["pair"]}>
        <Form.Item name="fee" label={t("售价（元）", "Price in CNY")}>
          <Input className="mono" inputMode="decimal" autoComplete="off" maxLength={24} />
        </Form.Item>
        <Form.Item
          name="origin_price"
          label={t("原价（元）", "List price in CNY")}
          extra={t("不填则同售价。", "The same as the price if left empty.")}
        >
          <Input className="mono" inputMode="decimal" autoComplete="off" maxLength={24} />
        </Form.Item>
      </div>
    </>
  );
}

/** Takes "10 GB" as well as 10240, and shows at once what it comes to. */
function SizeField() {
  const { t } = useLanguage();
  const format = useFormat();
  const typed = Form.useWatch<string | undefined>("data_value") ?? "";
  const size = readMegabytes(typed);
  const isSize = /^\d+(\.\d{1,2})?$/.test(size) && Number(size) > 0;
  return (
    <Form.Item
      name="data_value"
      label={t("流量（MB）", "Size in MB")}
      extra={
        isSize
          ? `= ${size} MB = ${format.bytes(Number(size) * 1_048_576)}`
          : t("也可以写 10 GB；1 GB = 1024 MB。", "10 GB will do, too; 1 GB = 1024 MB.")
      }
    >
      <Input className="mono" autoComplete="off" maxLength={24} />
    </Form.Item>
  );
}

function LevelHelp() {
  const { t } = useLanguage();
  const level = Form.useWatch<number | undefined>("level");
  return level === 3
    ? t(
        "整个有效期共用一份流量，用不完的结转到下个账期。",
        "Gives its size once for the whole term; what is left is carried to the next month.",
      )
    : t("有效期内每个账期都给足全部流量。", "Gives its full size in every billing month of its term.");
}
