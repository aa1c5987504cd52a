import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { LanguageProvider } from "../shared/language.tsx";
import { Console } from "./console.tsx";
import "./console.css";

const root = document.getElementById("root");
if (root === null) throw new Error("console.html has no #root");
createRoot(root).render(
  <StrictMode>
    <LanguageProvider>
      <BrowserRouter basename="/console">
        <Console />
      </BrowserRouter>
    </LanguageProvider>
  </StrictMode>,
);
