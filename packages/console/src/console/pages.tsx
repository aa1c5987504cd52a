import {
  ApiOutlined,
  AuditOutlined,
  CloudSyncOutlined,
  CreditCardOutlined,
  DashboardOutlined,
  GiftOutlined,
  IdcardOutlined,
  InboxOutlined,
  KeyOutlined,
  NodeIndexOutlined,
  TeamOutlined,
} from "@ant-design/icons";
import { type ComponentType, type LazyExoticComponent, type ReactNode, lazy } from "react";
import type { Translate } from "../shared/language.tsx";
import type { Role } from "./session.tsx";

/** A page of the console. Each is loaded when it is first shown. */
export interface Page {
  /** Below /console; parts that begin with a colon are the page's own. */
  readonly path: string;
  readonly component: LazyExoticComponent<ComponentType>;
  /** Those without are reached from other pages. */
  readonly menu?: { readonly label: (t: Translate) => string; readonly icon: ReactNode };
  /** The least role that has a use for it. */
  readonly role?: Role;
}

export const pages: readonly Page[] = [
  { path: "/cards/:serialNo", component: lazy(() => import("./card/card-page.tsx")) },
  {
    path: "/",
    component: lazy(() => import("./overview/overview-page.tsx")),
    menu: { label: (t) => t("概览", "Overview"), icon: <DashboardOutlined /> },
  },
  {
    path: "/cards",
    component: lazy(() => import("./cards/cards-page.tsx")),
    menu: { label: (t) => t("卡管理", "Cards"), icon: <CreditCardOutlined /> },
  },
  {
    path: "/products",
    component: lazy(() => import("./products/products-page.tsx")),
    menu: { label: (t) => t("套餐产品", "Products"), icon: <GiftOutlined /> },
  },
  {
    path: "/accounts",
    component: lazy(() => import("./accounts/accounts-page.tsx")),
    menu: { label: (t) => t("账户", "Accounts"), icon: <TeamOutlined /> },
  },
  { path: "/accounts/:accountNo", component: lazy(() => import("./accounts/account-page.tsx")) },
  {
    path: "/clients",
    component: lazy(() => import("./clients/clients-page.tsx")),
    menu: { label: (t) => t("客户端", "Clients"), icon: <KeyOutlined /> },
  },
  { path: "/clients/:clientId", component: lazy(() => import("./clients/client-page.tsx")) },
  {
    path: "/sources",
    component: lazy(() => import("./sources/sources-page.tsx")),
    menu: { label: (t) => t("用量来源", "Usage sources"), icon: <NodeIndexOutlined /> },
  },
  { path: "/sources/:name", component: lazy(() => import("./sources/source-page.tsx")) },
  {
    path: "/quarantine",
    component: lazy(() => import("./quarantine/quarantine-page.tsx")),
    menu: { label: (t) => t("隔离区", "Quarantine"), icon: <InboxOutlined /> },
  },
  {
    path: "/jobs",
    component: lazy(() => import("./jobs/jobs-page.tsx")),
    menu: { label: (t) => t("后台任务", "Background jobs"), icon: <CloudSyncOutlined /> },
  },
  { path: "/jobs/import", component: lazy(() => import("./jobs/import-page.tsx")), role: "operator" },
  { path: "/jobs/:jobNo", component: lazy(() => import("./jobs/job-page.tsx")) },
  {
    path: "/calls",
    component: lazy(() => import("./call-log/calls-page.tsx")),
    menu: { label: (t) => t("调用日志", "Call log"), icon: <ApiOutlined /> },
  },
  { path: "/calls/:requestId", component: lazy(() => import("./call-log/call-page.tsx")) },
  {
    path: "/audit",
    component: lazy(() => import("./audit/audit-page.tsx")),
    menu: { label: (t) => t("操作日志", "Audit log"), icon: <AuditOutlined /> },
  },
  {
    path: "/staff",
    component: lazy(() => import("./staff/staff-page.tsx")),
    menu: { label: (t) => t("员工", "Staff"), icon: <IdcardOutlined /> },
    role: "admin",
  },
  { path: "/me", component: lazy(() => import("./staff/me-page.tsx")) },
];
