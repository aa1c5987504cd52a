import { readFile } from "node:fs/promises";
import { join } from "node:path";
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

/** Where the platform runs that the pages under development call. */
const platform = process.env["DKS_URL"] ?? "http://127.0.0.1:8080";

/** Under development, gives each application its page under the addresses that it has in the platform. */
function developedPages(): Plugin {
  return {
    name: "developed-pages",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = request.url ?? "/";
        const [, application] = /^\/(console|docs)(?:[/?#]|$)/.exec(url) ?? [];
        if (application === undefined || url.startsWith("/console/api/")) return next();
        const file = join(import.meta.dirname, application === "console" ? "console.html" : "portal.html");
        readFile(file, "utf8")
          .then((html) => server.transformIndexHtml(url, html))
          .then((html) => response.setHeader("content-type", "text/html; charset=utf-8").end(html), next);
      });
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  // Every file but the two pages has its content's hash in its name and is kept by browsers for ever.
  base: "/static/",
  plugins: [react(), portalContent(), developedPages(), precompressed()],
  server: { proxy: { "/console/api": platform, "/v1": platform, "/openapi.json": platform } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    assetsDir: "",
    // The content security policy takes no data: URLs but for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The largest chunk, 540 kB (145 kB compressed), is what every page of the console needs of Ant Design: cut in two,
    // both halves would be loaded all the same. What only some pages need lies apart. A test holds the portal's size.
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      input: { console: "console.html", portal: "portal.html" },
      // Compressing takes most of a build's time, as it should; warnings would be printed by npm ci.
      checks: { bundlerTimings: false },
    },
  },
});
