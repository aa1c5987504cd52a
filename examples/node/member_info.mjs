// 查询流量卡基本信息。Node 18 以上，无需依赖
// Asks for one card's data of the month. Node 18 or later, no dependencies.
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

const [first, ...rest] = process.argv.slice(2);
if (first === "--sign") {
  const split = (pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
  console.log(sign(Object.fromEntries(rest.map(split)), DKS_CLIENT_SECRET));
} else {
  // 卡号是字符串，时间戳是整数 / the card number is a string, the timestamp an integer
  const timestamp = Math.floor(Date.now() / 1000);
  const params = { client_id: DKS_CLIENT_ID, serial_no: first, timestamp };
  const response = await fetch(`${DKS_URL}/v1/member/info`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...params, sign: sign(params, DKS_CLIENT_SECRET) }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = await response.text();
  console.log(answer);
  process.exitCode = JSON.parse(answer).errcode === 0 ? 0 : 1;
}
