import { Menu, type MenuProps } from "antd";
import { useLocation, useNavigate } from "react-router";
import { type Translate, useLanguage } from "../shared/language.tsx";
import type { Page } from "./pages.tsx";

type Items = NonNullable<MenuProps["items"]>;

interface Group {
  readonly label?: (t: Translate) => string;
  readonly paths: readonly string[];
}

/** The menu's order: what is looked at all day first, what is set up once last. */
const groups: readonly Group[] = [
  { paths: ["/"] },
  { label: (t) => t("业务", "Business"), paths: ["/cards", "/products", "/accounts", "/clients"] },
  { label: (t) => t("用量", "Usage"), paths: ["/sources", "/quarantine"] },
  { label: (t) => t("运行", "Operation"), paths: ["/calls", "/jobs"] },
  { label: (t) => t("管理", "Administration"), paths: ["/audit", "/staff"] },
];

const order = groups.flatMap(({ paths }) => paths);

/** The pages of the menu in its order; those that it has no place for come last. */
export function inMenuOrder(shown: readonly Page[]): Page[] {
  const place = ({ path }: Page): number => (order.includes(path) ? order.indexOf(path) : order.length);
  return shown.filter(({ menu }) => menu !== undefined).toSorted((one, other) => place(one) - place(other));
}

/** The pages to choose from, in groups; the one that is shown, or has led to what is shown, is marked. */
export function MainMenu({ shown, onChosen }: { readonly shown: readonly Page[]; readonly onChosen: () => void }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const entries = inMenuOrder(shown);
  const itemsOf = (wanted: readonly Page[]): Items =>
    wanted.flatMap(({ path, menu }) =>
      menu === undefined ? [] : [{ key: path, icon: menu.icon, label: menu.label(t) }],
    );
  const items: Items = groups.flatMap(({ label, paths }): Items => {
    const children = itemsOf(entries.filter(({ path }) => paths.includes(path)));
    if (children.length === 0 || label === undefined) return children;
    return [{ type: "group", key: paths.join(" "), label: label(t), children }];
  });
  const others = itemsOf(entries.filter(({ path }) => !order.includes(path)));
  const current = entries
    .filter(({ path }) => pathname === path || pathname.startsWith(`${path}/`))
    .toSorted((one, other) => other.path.length - one.path.length)[0];
  return (
    <Menu
      mode="inline"
      items={[...items, ...others]}
      selectedKeys={current === undefined ? [] : [current.path]}
      onClick={({ key }) => {
        onChosen();
        void navigate(key);
      }}
      style={{ borderInlineEnd: 0 }}
    />
  );
}
