import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter } from "react-router";
import { RouterProvider } from "react-router/dom";
import { LanguageProvider } from "../shared/language.tsx";
import { Console } from "./console.tsx";
import "./console.css";

const root = document.getElementById("root");
if (root === null) throw new Error("console.html has no #root");
// One route for all: the pages are chosen in layout.tsx. Only a router of this kind can ask before a form is left.
const router = createBrowserRouter([{ path: "*", element: <Console /> }], { basename: "/console" });
createRoot(root).render(
  <StrictMode>
    <LanguageProvider>
      <RouterProvider router={router} />
    </LanguageProvider>
  </StrictMode>,
);
