import { readFileSync } from "node:fs";
import { signParameters } from "@dakashi/sdk/signature";
import { join } from "node:path";
import { type OpenApiPaths, type SampledOperation, sampledOperations } from "../../../../../examples/operations.ts";
import type { Language } from "../../shared/language.tsx";
import { escapeHtml } from "./anchors.ts";
import { type Field, fieldsHtml, answerFields, exampleOf, parameterFields, type Schema } from "./fields.ts";
import type { CodeBlocks } from "./highlight.ts";
import { type BuiltPage, type Heading, type SearchEntry, originPlaceholder } from "./page.ts";
import { errcodes } from "./refusals.ts";

/** An operation of docs/openapi.json. */
export interface Operation {
  readonly operationId: string;
  readonly path: string;
  readonly summary: Record<Language, string>;
  readonly request: Schema;
  /** Of `data`. */
  readonly data: Schema;
  readonly errcodes: readonly {
    readonly errcode: number;
    readonly status: number;
    readonly text: Record<Language, string>;
  }[];
}

/** The parts of the document that are read here; a test holds the document to the operations. */
interface OpenApi {
  readonly paths: Record<string, { readonly post: PostOperation }>;
}

interface PostOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly "x-summary-zh": string;
  readonly requestBody: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
  readonly responses: Record<
    string,
    {
      readonly content: { readonly "application/json": { readonly schema: Schema } };
      readonly "x-errcodes": readonly {
        readonly errcode: number;
        readonly errmsg: string;
        readonly "x-errmsg-zh": string;
      }[];
    }
  >;
}

function readOpenApi(repository: string): OpenApi & OpenApiPaths {
  return JSON.parse(readFileSync(join(repository, "docs/openapi.json"), "utf8")) as OpenApi & OpenApiPaths;
}

/** The operations as the samples of `examples/` show them. */
export function readSampledOperations(repository: string): SampledOperation[] {
  return sampledOperations(readOpenApi(repository));
}

export function readOperations(repository: string): Operation[] {
  const document = readOpenApi(repository);
  return Object.entries(document.paths).map(([path, { post }]) => {
    const success = post.responses["200"]?.content["application/json"].schema.oneOf?.[0];
    const data = success?.properties?.["data"];
    if (data === undefined) throw new Error(`${post.operationId} has no data`);
    return {
      operationId: post.operationId,
      path,
      summary: { zh: post["x-summary-zh"], en: post.summary },
      request: post.requestBody.content["application/json"].schema,
      data,
      errcodes: Object.entries(post.responses)
        .flatMap(([status, response]) =>
          response["x-errcodes"].map(({ errcode, errmsg, "x-errmsg-zh": zh }) => ({
            errcode,
            status: Number(status),
            text: { zh, en: errmsg },
          })),
        )
        .sort((a, b) => a.errcode - b.errcode || a.status - b.status),
    };
  });
}

/** Addresses of the operations' pages, by operationId and by path. */
export function operationPlaces(operations: readonly Operation[]): Map<string, string> {
  return new Map(
    operations.flatMap(({ operationId, path }) => {
      const place = `/docs/operations/${operationId}`;
      return [
        [operationId, place],
        [path, place],
        [`POST ${path}`, place],
      ];
    }),
  );
}

const words = {
  parameters: { zh: "请求参数", en: "Parameters" },
  request: { zh: "请求示例", en: "Example request" },
  answer: { zh: "应答", en: "Answer" },
  answerExample: { zh: "应答示例", en: "Example answer" },
  errors: { zh: "错误编码", en: "Error codes" },
  samples: { zh: "示例代码", en: "Samples" },
} as const satisfies Record<string, Record<Language, string>>;

export function operationPage(operation: Operation, language: Language, codeBlocks: CodeBlocks): BuiltPage {
  const path = `/operations/${operation.operationId}`;
  const title = operation.summary[language];
  const parameters = parameterFields(operation.request, language);
  const answers = answerFields(operation.data, language);

  const html =
    `<h1>${escapeHtml(title)}</h1>` +
    endpointHtml(operation, language) +
    section("parameters", language) +
    fieldsHtml(parameters, language) +
    section("request", language) +
    requestHtml(operation, language, codeBlocks) +
    section("answer", language) +
    `<p>${
      language === "zh"
        ? `成功时 <code>errcode</code> 为 0，<code>data</code> 的内容如下；外层的字段见<a href="/docs/conventions">通用约定</a>。`
        : `On success <code>errcode</code> is 0, and <code>data</code> is as follows; the members around it are among the <a href="/docs/conventions">conventions</a>.`
    }</p>` +
    fieldsHtml(answers, language) +
    section("answerExample", language) +
    codeBlocks.block(answerExample(operation, language), "json", language) +
    section("errors", language) +
    errcodesHtml(operation, language) +
    section("samples", language);

  const headings: Heading[] = Object.entries(words).map(([id, word]) => ({ id, title: word[language], level: 2 }));
  const entry = (heading: string, anchor: string, text: string): SearchEntry => ({
    url: path + anchor,
    page: title,
    heading,
    text,
  });
  return {
    path,
    title,
    description: `POST ${operation.path}${language === "zh" ? "：" : ": "}${title}`,
    headings,
    blocks: [{ html }, { island: "samples", of: operation.operationId }],
    search: [
      entry("", "", `POST ${operation.path} ${operation.operationId}`),
      ...[...parameters, ...answers].flatMap((field: Field) =>
        field.kind === "field" ? [entry(field.name, `#${field.id}`, field.description)] : [],
      ),
    ],
  };
}

function section(name: keyof typeof words, language: Language): string {
  return `<h2 id="${name}"><a class="anchor" href="#${name}" aria-hidden="true" tabindex="-1">#</a>${words[name][language]}</h2>`;
}

function endpointHtml({ operationId, path }: Operation, language: Language): string {
  const explore = language === "zh" ? "在线调试" : "Try it";
  const debug = language === "zh" ? "签名调试" : "Debug a signature";
  return (
    `<div class="endpoint"><span class="method">POST</span> <code>${path}</code><span class="actions">` +
    `<a class="button" href="/docs/debugger">${debug}</a>` +
    `<a class="button primary" href="/docs/explorer?operation=${operationId}">${explore}</a></span></div>`
  );
}

const exampleSecret = "9f2c4e8a1b7d3f60";

/** The document's own client and moment, so that the signature is one that readers can check. */
function exampleRequest({ request }: Operation): Record<string, string | number> {
  const parameters: Record<string, string | number> = {};
  for (const [name, schema] of Object.entries(request.properties ?? {})) {
    const wanted = request.required?.includes(name) === true || schema.default !== undefined;
    if (wanted && name !== "sign") parameters[name] = exampleOf(schema) as string | number;
  }
  return { ...parameters, sign: signParameters(parameters, exampleSecret) };
}

function requestHtml(operation: Operation, language: Language, codeBlocks: CodeBlocks): string {
  const body = JSON.stringify(exampleRequest(operation));
  const curl = `curl -s ${originPlaceholder}${operation.path} \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
  const note =
    language === "zh"
      ? `签名按密钥 <code>${exampleSecret}</code> 计算，可以自行核对。<code>timestamp</code> 早已过期，原样执行会返回 <a href="/docs/errors/55001">55001</a> 或 <a href="/docs/errors/55006">55006</a>；想得到真实的应答，请用“在线调试”。`
      : `The signature is made with the secret <code>${exampleSecret}</code>, so that you can check it. Its <code>timestamp</code> is long past: sent as it is, this is refused with <a href="/docs/errors/55001">55001</a> or <a href="/docs/errors/55006">55006</a>. “Try it” gets a real answer.`;
  return codeBlocks.block(curl, "sh", language) + `<p>${note}</p>`;
}

function answerExample({ data }: Operation, language: Language): string {
  const answer = { errcode: 0, errmsg: "success", data: exampleOf(data), request_id: "3lsjvoc0wi-1k" };
  return JSON.stringify(
    answer,
    (_, value: unknown) => errcodes.find(({ text }) => text.zh === value)?.text[language] ?? value,
  );
}

function errcodesHtml(operation: Operation, language: Language): string {
  const byCode = Map.groupBy(operation.errcodes, ({ errcode }) => errcode);
  const rows = [...byCode].map(
    ([errcode, uses]) =>
      `<tr><td><a href="/docs/errors/${errcode}">${errcode}</a></td><td>${uses.map(({ status }) => status).join(" / ")}</td>` +
      `<td>${escapeHtml(uses[0]?.text[language] ?? "")}</td></tr>`,
  );
  return (
    `<div class="table" tabindex="0"><table><thead><tr><th>errcode</th><th>HTTP</th><th>${language === "zh" ? "含义" : "meaning"}</th></tr></thead>` +
    `<tbody>${rows.join("")}</tbody></table></div>`
  );
}
