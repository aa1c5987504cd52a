// 分页查询账户下的流量卡。Node 18 以上，无需依赖
// The account's cards, page by page. Node 18 or later, no dependencies.
import { createHash } from "node:crypto";

const {
  DKS_URL = "http://127.0.0.1:8080",
  DKS_CLIENT_ID = "",
  DKS_CLIENT_SECRET = "",
} = process.env;

// 签名：除 sign 外的参数按名称排序，用 & 连接，不做 URL 编码，保留空值，末尾加密钥，SHA-1，转大写
function sign(params, secret) {
  const names = Object.keys(params).filter((name) => name !== "sign");
  const pairs = names.sort().map((name) => `${name}=${params[name]}`);
  return createHash("sha1")
    .update(pairs.join("&") + secret, "utf8")
    .digest("hex")
    .toUpperCase();
}

async function call(path, own) {
  // 时间戳是整数 / the timestamp is an integer
  const params = { ...own, client_id: DKS_CLIENT_ID, timestamp: Math.floor(Date.now() / 1000) };
  const response = await fetch(DKS_URL + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...params, sign: sign(params, DKS_CLIENT_SECRET) }),
    signal: AbortSignal.timeout(10_000),
  });
  return response.text(); // 不论 HTTP 状态码 / whatever the HTTP status
}

const args = process.argv.slice(2);
if (args[0] === "--sign") {
  const split = (pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
  console.log(sign(Object.fromEntries(args.slice(1).map(split)), DKS_CLIENT_SECRET));
  process.exit();
}

const answer = await call("/v1/member/list", {
  page_size: 100,
});
console.log(answer);
process.exitCode = JSON.parse(answer).errcode === 0 ? 0 : 1;
