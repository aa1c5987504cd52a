import { ImportOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Empty, Grid, Select, Space, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import styles from "../parts/forms.module.css";
import { MorePager } from "../parts/more-pager.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { useMayActAs } from "../session.tsx";
import { useUrlState } from "../url-state.ts";
import { CreateProduct, EditProduct } from "./product-form.tsx";
import { type Product, carrierName, levelName, levels, monthsName, scopeName } from "./words.ts";

const pageSize = 50;

/** What is on sale. */
export default function ProductsPage() {
  const { t } = useLanguage();
  const mayEdit = useMayActAs()("operator");
  const isWide = Grid.useBreakpoint().lg ?? true;
  const [state, change] = useUrlState(["search", "carrier", "level", "after", "product_no"]);
  const [isCreating, setIsCreating] = useState(false);
  const level = levels.find((one) => String(one) === state.level);
  const carriers = useAnswer("GET /product-carriers", {});
  const products = useAnswer("GET /products", {
    query: {
      ...(state.search === undefined ? {} : { search: state.search }),
      ...(state.carrier === undefined ? {} : { carrier: state.carrier }),
      ...(level === undefined ? {} : { level }),
      ...(state.after === undefined ? {} : { cursor: state.after }),
      limit: pageSize,
    },
  });
  const onEdit = mayEdit ? (productNo: string) => change({ product_no: productNo }) : undefined;
  const columns = useColumns(onEdit);
  if (products.data === undefined && products.error !== null)
    return <Failure error={products.error} onRetry={() => void products.refetch()} />;
  return (
    <>
      <PageHead title={t("套餐产品", "Products")}>
        {mayEdit && (
          <>
            <Link to="/jobs/import?kind=product_import">
              <Button icon={<ImportOutlined aria-hidden />}>{t("导入", "Import")}</Button>
            </Link>
            <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setIsCreating(true)}>
              {t("新建套餐", "New product")}
            </Button>
          </>
        )}
      </PageHead>
      <div className="filters">
        <SearchField
          label={t("名称，或编号的开头", "Name or number")}
          value={state.search ?? ""}
          onSearch={(search) => change({ search, after: undefined })}
        />
        <Select
          aria-label={t("运营商", "Carrier")}
          placeholder={t("运营商", "Carrier")}
          allowClear
          style={{ width: 190 }}
          value={state.carrier ?? null}
          options={(carriers.data?.list ?? []).map((one) => ({ value: one, label: carrierName(one, t) }))}
          onChange={(chosen: string | null) => change({ carrier: chosen ?? undefined, after: undefined })}
        />
        <Select
          aria-label={t("级别", "Level")}
          placeholder={t("级别", "Level")}
          allowClear
          style={{ width: 140 }}
          value={level ?? null}
          options={levels.map((one) => ({ value: one, label: levelName(one, t) }))}
          onChange={(chosen: number | null) => change({ level: chosen?.toString(), after: undefined })}
        />
      </div>
      <Table<Product>
        rowKey="product_no"
        size="middle"
        loading={products.isPending}
        dataSource={products.data?.list ?? []}
        pagination={false}
        locale={{
          emptyText: (
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("没有套餐", "There are no products")} />
          ),
        }}
        columns={isWide ? columns : [{ render: (_, product) => <ProductCard product={product} onEdit={onEdit} /> }]}
        showHeader={isWide}
      />
      <MorePager
        first={state.after === undefined}
        more={products.data?.next_cursor !== undefined}
        onFirst={() => change({ after: undefined })}
        onMore={() => change({ after: products.data?.next_cursor })}
      />
      {isCreating && <CreateProduct onClose={() => setIsCreating(false)} />}
      {state.product_no !== undefined && (
        <EditProduct
          key={state.product_no}
          productNo={state.product_no}
          onClose={() => change({ product_no: undefined })}
        />
      )}
    </>
  );
}

function useColumns(onEdit: OnEdit | undefined): TableColumnsType<Product> {
  const { t } = useLanguage();
  const format = useFormat();
  return [
    {
      title: t("套餐", "Product"),
      render: (_, { product_no, name }) => (
        <div className={styles["wrap"]}>
          <strong>{name}</strong>
          <br />
          <small className="mono">{product_no}</small>
        </div>
      ),
    },
    { title: t("运营商", "Carrier"), width: 190, render: (_, { carrier }) => carrierName(carrier, t) },
    {
      title: t("流量", "Size"),
      width: 130,
      render: (_, { size_bytes, data_value }) => (
        <>
          {format.bytes(size_bytes)}
          {size_bytes >= 1_073_741_824 && (
            <>
              <br />
              <small>{data_value} MB</small>
            </>
          )}
        </>
      ),
    },
    {
      title: t("级别与有效期", "Level and term"),
      width: 190,
      render: (_, { level, month, eft_type }) => (
        <>
          {levelName(level, t)} · {monthsName(month, t)}
          <br />
          <small>{scopeName(eft_type, t)}</small>
        </>
      ),
    },
    {
      title: t("售价（元）", "Price (CNY)"),
      width: 130,
      align: "right",
      render: (_, { fee, origin_price }) => (
        <>
          <span className="mono">{format.money(fee)}</span>
          {origin_price !== fee && (
            <>
              <br />
              <small>
                {t("原价", "list")} <del className="mono">{format.money(origin_price)}</del>
              </small>
            </>
          )}
        </>
      ),
    },
    {
      title: t("修改时间", "Changed"),
      width: 130,
      render: (_, { updated_at }) => <span className="mono">{format.shortTime(updated_at)}</span>,
    },
    ...(onEdit === undefined
      ? []
      : [
          {
            title: t("操作", "Acts"),
            width: 90,
            render: (_: unknown, product: Product) => <EditButton product={product} onEdit={onEdit} />,
          },
        ]),
  ];
}

type OnEdit = (productNo: string) => void;

function EditButton({ product, onEdit }: { readonly product: Product; readonly onEdit: OnEdit }) {
  const { t } = useLanguage();
  return (
    <Button
      size="small"
      aria-label={t(`编辑 ${product.name}`, `Edit ${product.name}`)}
      onClick={() => onEdit(product.product_no)}
    >
      {t("编辑", "Edit")}
    </Button>
  );
}

/** A product's columns one under the other, where there is no room for more. */
function ProductCard({ product, onEdit }: { readonly product: Product; readonly onEdit: OnEdit | undefined }) {
  const { t } = useLanguage();
  const format = useFormat();
  return (
    <Space orientation="vertical" size={4} style={{ width: "100%" }}>
      <div className={styles["wrap"]}>
        <strong>{product.name}</strong> <small className="mono">{product.product_no}</small>
      </div>
      <span>
        {format.bytes(product.size_bytes)} · {levelName(product.level, t)} · {monthsName(product.month, t)} ·{" "}
        {scopeName(product.eft_type, t)}
      </span>
      <span>
        {carrierName(product.carrier, t)} · <span className="mono">{format.money(product.fee)}</span> {t("元", "CNY")}
      </span>
      {onEdit !== undefined && <EditButton product={product} onEdit={onEdit} />}
    </Space>
  );
}
