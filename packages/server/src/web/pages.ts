import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sirv from "sirv";
import { pathOf } from "../http/request.ts";

const built = fileURLToPath(new URL("../../../console/dist/", import.meta.url));

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The two applications' pages, which are one file each for all of their paths, and the files they load. */
export function webPages(): { readonly console: Answer; readonly portal: Answer; readonly files: Answer } {
  const files = existsSync(built)
    ? sirv(built, {
        brotli: true,
        gzip: true,
        etag: true,
        // Of the two pages, /static/console would be another address.
        extensions: [],
        // Looks for each file when it is asked for: by a list made at the start, a file that a new build has taken away
        // would be opened all the same, and the process would end by it.
        dev: true,
        setHeaders: (response) => response.setHeader("cache-control", "public, max-age=31536000, immutable"),
      })
    : undefined;
  return {
    console: page("console.html"),
    portal: page("portal.html"),
    files(request, response) {
      const path = pathOf(request.url ?? "/").slice("/static".length);
      // The pages themselves are answered under their own paths only, never kept for ever.
      if (files === undefined || path.endsWith(".html")) return notFound(response);
      request.url = path;
      files(request, response, () => notFound(response));
    },
  };
}

function page(name: string): Answer {
  const path = join(built, name);
  const body = existsSync(path) ? readFileSync(path) : undefined;
  return (_request, response) => {
    if (body === undefined) return sendHtml(response, 503, notBuilt);
    sendHtml(response, 200, body);
  };
}

const notBuilt =
  "<!doctype html><meta charset=utf-8><title>大卡师开放平台</title>" +
  "<p>网页尚未构建：请运行 npm run build，然后重新启动服务。" +
  "<p>The web pages are not built: run npm run build and start the server again.";

function sendHtml(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-cache",
  });
  response.end(body);
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { "content-length": 0 });
  response.end();
}
