import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { Portal } from "./portal.tsx";
import { AddressLanguage } from "./shell/address.tsx";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");

createRoot(root).render(
  <BrowserRouter basename="/docs">
    <AddressLanguage>
      <Portal />
    </AddressLanguage>
  </BrowserRouter>,
);
