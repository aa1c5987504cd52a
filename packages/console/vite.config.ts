import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { type Plugin, defineConfig } from "vite";
import { portalContent } from "./src/portal/content/plugin.ts";

/** Compresses every file once, at build time, so that the server only has to send it. */
function precompressed(): Plugin {
  return {
    name: "precompressed",
    apply: "build",
    generateBundle: {
      // Behind Vite's own, which writes into the chunks last what each import has to load beside itself.
      order: "post",
      async handler(_options, bundle) {
        await Promise.all(
          Object.values(bundle).map(async (file) => {
            if (!/\.(js|css|html|json|svg)$/.test(file.fileName)) return;
            const source = Buffer.from(file.type === "chunk" ? file.code : file.source);
            if (source.length < 1024) return;
            const best = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
            this.emitFile({
              type: "asset",
              fileName: `${file.fileName}.br`,
              source: await promisify(brotliCompress)(source, best),
            });
            this.emitFile({
              type: "asset",
              fileName: `${file.fileName}.gz`,
              source: await promisify(gzip)(source, { level: 9 }),
            });
          }),
        );
      },
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  // Every file but the two pages has its content's hash in its name and is kept by browsers for ever.
  base: "/static/",
  plugins: [react(), portalContent(), precompressed()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    assetsDir: "",
    // The content security policy takes no data: URLs but for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: { console: "console.html", portal: "portal.html" } },
  },
});
