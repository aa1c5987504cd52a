import { MenuOutlined, QuestionCircleOutlined, UserOutlined } from "@ant-design/icons";
import { Layout as AntLayout, Button, Drawer, Dropdown, Grid } from "antd";
import { Suspense, useEffect, useRef, useState } from "react";
import { Navigate, Route, Routes, useLocation, useNavigate } from "react-router";
import iconUrl from "../shared/icon.svg";
import { useLanguage } from "../shared/language.tsx";
import { MainMenu, inMenuOrder } from "./menu.tsx";
import { pages } from "./pages.tsx";
import { LanguageButton, SchemeButton } from "./parts/looks.tsx";
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
  const first = inMenuOrder(shown)[0]?.path ?? "/me";
  useEffect(() => {
    setDrawerOpen(false);
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [location.pathname]);
  const menu = (
    <nav aria-label={t("主菜单", "Main menu")}>
      <Brand />
      <MainMenu shown={shown} onChosen={() => setDrawerOpen(false)} />
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
                styles={{ body: { padding: 0, background: "var(--ant-color-bg-container)" } }}
              >
                {menu}
              </Drawer>
            </>
          )}
          <span className="grow" />
          <HeaderTools />
        </Header>
        {/* Ant Design makes it the page's <main>. */}
        <Content id="main" ref={main} tabIndex={-1} className="console-main" style={{ outline: "none" }}>
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

function HeaderTools() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const session = useSession();
  const signOut = useSignOut();
  return (
    <>
      <Button
        type="text"
        icon={<QuestionCircleOutlined />}
        href="/docs/"
        target="_blank"
        aria-label={t("开发者文档", "Developer documentation")}
      />
      <SchemeButton />
      <LanguageButton />
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
