import type { TSchema } from "typebox";
import { Type } from "typebox";
import { type RefusalName, refusals } from "../errors.ts";
import { type Text, text } from "../text.ts";
import type { Operation } from "./operation.ts";

/** What any operation can end with, before its own work begins. */
const commonRefusals: readonly RefusalName[] = [
  "unknown",
  "clientUnknown",
  "clientNotNormal",
  "addressRefused",
  "signatureWrong",
  "timestampWrong",
  "calledTooOften",
  "parameterWrong",
  "bodyWrong",
  "contentTypeWrong",
  "operationUnknown",
  "methodWrong",
  "bodyTooLarge",
  "unavailable",
];

/** The parameters that every call carries. */
const commonParameters = {
  client_id: {
    type: "string",
    pattern: "^iot[a-z0-9]{20}$",
    examples: ["iot3355e802d44ay95yeev2"],
    ...both(text("客户端 ID", "The client's id")),
  },
  timestamp: {
    type: "integer",
    examples: [1487560009],
    ...both(
      text(
        "当前时间的 Unix 秒数，与服务器相差不超过 300 秒；也可以是同样数字的字符串",
        "The current Unix time in seconds, at most 300 s from the server's; the same digits as a string will do",
      ),
    ),
  },
  sign: {
    type: "string",
    pattern: "^[0-9A-F]{40}$",
    ...both(
      text(
        "签名：除 sign 外的全部参数按参数名排序，以 name=value 用 & 连接，末尾接上 client_secret，取 SHA-1 的大写十六进制",
        "The signature: all parameters but sign, sorted by name and joined as name=value with &, the secret appended, SHA-1 in upper-case hex",
      ),
    ),
  },
};

/** The OpenAPI 3.1 document of the signed API. Descriptions are in English, with Chinese in `x-description-zh`. */
export function openApiDocument(operations: readonly Operation[]): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Dakashi Open Platform",
      version: "1.0.0",
      ...both(
        text(
          "大卡师开放平台的签名接口。每个接口都返回 errcode、errmsg 和 request_id；errcode 为 0 时另有 data。",
          "The signed API of the Dakashi Open Platform. Every answer has errcode, errmsg and request_id, and data when errcode is 0.",
        ),
      ),
    },
    paths: Object.fromEntries(operations.map((operation) => [operation.path, { post: operationObject(operation) }])),
    components: {
      schemas: { Refusal: refusalSchema },
    },
  };
}

function operationObject(operation: Operation): object {
  const names = [...new Set([...commonRefusals, ...operation.refusals])];
  const byStatus = Map.groupBy(names, (name) => refusals[name].http);
  return {
    operationId: operation.name,
    summary: operation.summary.en,
    "x-summary-zh": operation.summary.zh,
    "x-write": operation.write,
    requestBody: {
      required: true,
      content: { "application/json": { schema: requestSchema(operation) } },
    },
    responses: Object.fromEntries(
      [...byStatus.entries()]
        .toSorted(([a], [b]) => a - b)
        .map(([status, refused]) => [String(status), responseObject(operation, status, refused)]),
    ),
  };
}

function requestSchema(operation: Operation): object {
  const own = Object.entries<TSchema>(operation.parameters.properties);
  return {
    type: "object",
    properties: {
      ...commonParameters,
      ...Object.fromEntries(own.map(([name, schema]) => [name, publicSchema(schema)])),
    },
    required: [
      ...Object.keys(commonParameters),
      ...own.filter(([, schema]) => !Type.IsOptional(schema)).map(([name]) => name),
    ],
    additionalProperties: { type: ["string", "integer"] },
  };
}

function responseObject(operation: Operation, status: number, names: readonly RefusalName[]): object {
  const refusal = { $ref: "#/components/schemas/Refusal" };
  const codes = names
    .map((name) => refusals[name])
    .map(({ errcode, text: { zh, en } }) => ({ errcode, errmsg: en, "x-errmsg-zh": zh }))
    .toSorted((a, b) => a.errcode - b.errcode);
  return {
    description:
      status === 200 ? "The answer, or a refusal for what was said" : codes.map(({ errmsg }) => errmsg).join("; "),
    content: {
      "application/json": {
        schema: status === 200 ? { oneOf: [successSchema(operation), refusal] } : refusal,
      },
    },
    "x-errcodes": codes,
  };
}

function successSchema(operation: Operation): object {
  return {
    type: "object",
    properties: {
      errcode: { const: 0 },
      errmsg: { const: "success" },
      data: publicSchema(operation.data),
      request_id: requestIdSchema,
    },
    required: ["errcode", "errmsg", "data", "request_id"],
  };
}

const requestIdSchema = {
  type: "string",
  ...both(text("本次调用的编号，联系运营方时请提供", "Names this call; quote it when you ask the operator")),
};

const refusalSchema = {
  type: "object",
  properties: {
    errcode: {
      type: "integer",
      not: { const: 0 },
      ...both(text("错误编码，含义固定", "The error code, which is the contract")),
    },
    errmsg: {
      type: "string",
      ...both(
        text(
          "错误信息与修改建议，中文；请求头 Accept-Language: en 时为英文。文字可能改进，请勿依赖",
          "What is wrong and what to change, in Chinese, or in English under Accept-Language: en; the wording may improve",
        ),
      ),
    },
    hint: {
      type: "string",
      ...both(text("更具体的原因，供程序使用，含义固定", "The reason in particular, for programs; stable")),
    },
    doc_url: {
      type: "string",
      ...both(text("这种错误的说明，本平台上的路径", "Where the refusal is explained, as a path on this platform")),
    },
    server_time: {
      type: "integer",
      ...both(text("服务器时间（Unix 秒），仅见于 55006", "The server's Unix time, with 55006 only")),
    },
    request_id: requestIdSchema,
  },
  required: ["errcode", "errmsg", "doc_url", "request_id"],
};

function both(description: Text): { description: string; "x-description-zh": string } {
  return { description: description.en, "x-description-zh": description.zh };
}

/** A schema as the document shows it: without what only the server's messages use, and the same at every depth. */
function publicSchema(schema: TSchema): unknown {
  return JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === "x-rule" ? undefined : value)));
}
