#!/usr/bin/env bash
# 查询流量卡基本信息。需要 bash、curl、openssl
# Asks for one card's data of the month. Needs bash, curl and openssl.
set -euo pipefail

# 签名：除 sign 外的参数按名称排序，用 & 连接，不做 URL 编码，保留空值，末尾加密钥，SHA-1，转大写
# -k1,1 sorts by name alone: as whole lines, "serial1=" would come before "serial=".
sign() {
  local pair joined
  joined=$(for pair in "$@"; do [[ $pair == sign=* ]] || printf '%s\0' "$pair"; done |
    LC_ALL=C sort -z -t= -k1,1 | tr '\0' '&')
  printf '%s' "${joined%&}${DKS_CLIENT_SECRET-}" | openssl dgst -sha1 -r | cut -c1-40 | tr a-f A-F
}

# 转成 JSON 字符串 / quotes a JSON string
quote() {
  local escaped=${1//\\/\\\\}
  printf '"%s"' "${escaped//\"/\\\"}"
}

if [[ $1 == --sign ]]; then
  sign "${@:2}"
  exit
fi

# 卡号是字符串，时间戳是整数 / the card number is a string, the timestamp an integer
client_id=${DKS_CLIENT_ID-} serial_no=$1 timestamp=$(date +%s)
signature=$(sign "client_id=$client_id" "serial_no=$serial_no" "timestamp=$timestamp")
body=$(printf '{"client_id":%s,"serial_no":%s,"timestamp":%d,"sign":"%s"}' \
  "$(quote "$client_id")" "$(quote "$serial_no")" "$timestamp" "$signature")
answer=$(curl -sS --max-time 10 -H 'Content-Type: application/json' --data-binary "$body" \
  "${DKS_URL:-http://127.0.0.1:8080}/v1/member/info")
printf '%s\n' "$answer"
[[ $answer == *'"errcode":0,'* ]]
