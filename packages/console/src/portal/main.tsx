import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { LanguageProvider } from "../shared/language.tsx";
import { Portal } from "./portal.tsx";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");

createRoot(root).render(
  <LanguageProvider>
    <BrowserRouter basename="/docs">
      <Portal />
    </BrowserRouter>
  </LanguageProvider>,
);
