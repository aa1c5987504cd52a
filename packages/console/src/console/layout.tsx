import { BulbOutlined, GlobalOutlined, MenuOutlined, QuestionCircleOutlined, UserOutlined } from "@ant-design/icons";
import { Layout as AntLayout, Button, Drawer, Dropdown, Grid, Menu, type MenuProps } from "antd";
import { Suspense, useEffect, useRef, useState } from "react";
import { Navigate, Route, Routes, useLocation, useNavigate } from "react-router";
import { type SchemeChoice, chooseScheme, schemeChoice } from "../shared/color-scheme.ts";
import iconUrl from "../shared/icon.svg";
import { useLanguage } from "../shared/language.tsx";
import { type Page, pages } from "./pages.tsx";
import { PageBoundary } from "./parts/page-boundary.tsx";
import { Waiting } from "./parts/waiting.tsx";
import { useMayActAs, useSession } from "./session.tsx";
import { useSignOut } from "./staff/sign-out.ts";

const { Header, Sider, Content } = AntLayout;

/** The frame around every page: the menu at the side, a drawer on a phone, and who is signed in. */
export function Layout() {
  const { t } = useLanguage();
  const wide = Grid.useBreakpoint().lg ?? true;
  const [drawerOpen, setDrawerOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const location = useLocation();
  const mayActAs = useMayActAs();
  const shown = pages.filter((page) => mayActAs(page.role ?? "viewer"));
  const first = shown.find((page) => page.menu !== undefined)?.path ?? "/";
  useEffect(() => {
    setDrawerOpen(false);
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [location.pathname]);
  const menu = (
    <nav aria-label={t("主菜单", "Main menu")}>
      <Brand />
      <MainMenu shown={shown} />
    </nav>
  );
  return (
    <AntLayout className="console-body">
      <a className="skip-link" href="#main">
        {t("跳到正文", "Skip to the page")}
      </a>
      {wide && (
        <Sider theme="light" width={216} className="console-sider">
          {menu}
        </Sider>
      )}
      <AntLayout>
        <Header className="console-header">
          {!wide && (
            <>
              <Button
                type="text"
                icon={<MenuOutlined />}
                aria-label={t("打开菜单", "Open the menu")}
                onClick={() => setDrawerOpen(true)}
              />
              <Drawer
                open={drawerOpen}
                onClose={() => setDrawerOpen(false)}
                placement="left"
                size={248}
                styles={{ body: { padding: 0 } }}
              >
                {menu}
              </Drawer>
            </>
          )}
          <span className="grow" />
          <HeaderTools />
        </Header>
        <Content>
          <main id="main" ref={main} tabIndex={-1} className="console-main" style={{ outline: "none" }}>
            <PageBoundary key={location.pathname}>
              <Suspense fallback={<Waiting />}>
                <Routes>
                  {shown.map(({ path, component: Component }) => (
                    <Route key={path} path={path} element={<Component />} />
                  ))}
                  <Route path="*" element={<Navigate to={first} replace />} />
                </Routes>
              </Suspense>
            </PageBoundary>
          </main>
        </Content>
      </AntLayout>
    </AntLayout>
  );
}

function Brand() {
  const { t } = useLanguage();
  return (
    <div className="console-brand">
      <img src={iconUrl} alt="" width={24} height={24} />
      {t("大卡师开放平台", "Dakashi")}
    </div>
  );
}

function MainMenu({ shown }: { readonly shown: readonly Page[] }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const items = shown.flatMap(({ path, menu }) =>
    menu === undefined ? [] : [{ key: path, icon: menu.icon, label: menu.label(t) }],
  );
  const current = items.findLast(({ key }) => pathname === key || pathname.startsWith(`${key}/`));
  return (
    <Menu
      mode="inline"
      items={items}
      selectedKeys={current === undefined ? [] : [current.key]}
      onClick={({ key }) => void navigate(key)}
      style={{ borderInlineEnd: 0 }}
    />
  );
}

function HeaderTools() {
  const { t, language, setLanguage } = useLanguage();
  const navigate = useNavigate();
  const session = useSession();
  const signOut = useSignOut();
  const [scheme, setScheme] = useState(schemeChoice);
  const schemes: MenuProps["items"] = (
    [
      ["system", t("跟随系统", "As the system")],
      ["light", t("浅色", "Light")],
      ["dark", t("深色", "Dark")],
    ] as const
  ).map(([key, label]) => ({ key, label }));
  return (
    <>
      <Button
        type="text"
        icon={<QuestionCircleOutlined />}
        href="/docs/"
        target="_blank"
        aria-label={t("开发者文档", "Developer documentation")}
      />
      <Dropdown
        menu={{
          items: schemes,
          selectedKeys: [scheme],
          onClick({ key }) {
            const choice = key as SchemeChoice;
            chooseScheme(choice);
            setScheme(choice);
          },
        }}
        trigger={["click"]}
      >
        <Button type="text" icon={<BulbOutlined />} aria-label={t("配色", "Colours")} />
      </Dropdown>
      <Button
        type="text"
        icon={<GlobalOutlined />}
        onClick={() => setLanguage(language === "zh" ? "en" : "zh")}
        lang={language === "zh" ? "en" : "zh-CN"}
      >
        {language === "zh" ? "EN" : "中文"}
      </Button>
      <Dropdown
        menu={{
          items: [
            { key: "me", label: t("我的账号与安全", "My sign-in and security") },
            { type: "divider" },
            { key: "out", label: t("退出登录", "Sign out"), danger: true },
          ],
          onClick: ({ key }) => void (key === "me" ? navigate("/me") : signOut()),
        }}
        trigger={["click"]}
      >
        <Button type="text" icon={<UserOutlined />} aria-label={t(`${session.name}的菜单`, `${session.name}'s menu`)}>
          <span className="console-user">{session.name}</span>
        </Button>
      </Dropdown>
    </>
  );
}
