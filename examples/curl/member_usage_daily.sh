#!/usr/bin/env bash
# 查询流量卡每日用量。需要 bash、curl、openssl
# What a card used on each day. Needs bash, curl and openssl.
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

# call 路径 参数=值… / call PATH NAME=VALUE…
call() {
  local path=$1 pair body
  shift
  set -- "$@" "client_id=${DKS_CLIENT_ID-}" "timestamp=$(date +%s)"
  set -- "$@" "sign=$(sign "$@")"
  body=$(for pair in "$@"; do printf ',%s:%s' "$(quote "${pair%%=*}")" "$(quote "${pair#*=}")"; done)
  curl -sS --max-time 10 -H 'Content-Type: application/json' --data-binary "{${body:1}}" \
    "${DKS_URL:-http://127.0.0.1:8080}$path"
}

if [[ ${1-} == --sign ]]; then
  sign "${@:2}"
  exit
fi

params=(
  "serial_no=$1"
  "start_date=$2"
  "end_date=$3"
)
answer=$(call /v1/member/usage/daily "${params[@]}")
printf '%s\n' "$answer"
[[ $answer == *'"errcode":0,'* ]]
