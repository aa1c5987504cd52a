# 分页查询账户下的流量卡。Python 3.6 以上，只用标准库
# The account's cards, page by page. Python 3.6 or later, standard library only.
import hashlib
import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

URL = os.environ.get("DKS_URL", "http://127.0.0.1:8080")
CLIENT_ID = os.environ.get("DKS_CLIENT_ID", "")
CLIENT_SECRET = os.environ.get("DKS_CLIENT_SECRET", "")


# 签名：除 sign 外的参数按名称排序，用 & 连接，不做 URL 编码，保留空值，末尾加密钥，SHA-1，转大写
def sign(params, secret):
    pairs = [f"{name}={params[name]}" for name in sorted(params) if name != "sign"]
    return hashlib.sha1(("&".join(pairs) + secret).encode("utf-8")).hexdigest().upper()


def call(path, params):
    # 时间戳是整数 / the timestamp is an integer
    params = dict(params, client_id=CLIENT_ID, timestamp=int(time.time()))
    params["sign"] = sign(params, CLIENT_SECRET)
    request = Request(URL + path, json.dumps(params).encode("utf-8"), {"Content-Type": "application/json"})
    try:
        response = urlopen(request, timeout=10)
    except HTTPError as error:  # 非 200 的应答也要读 / answers other than 200 carry the same JSON
        response = error
    return response.read().decode("utf-8")


if sys.argv[1:2] == ["--sign"]:
    print(sign(dict(pair.split("=", 1) for pair in sys.argv[2:]), CLIENT_SECRET))
    sys.exit()

answer = call("/v1/member/list", {
    "page_size": 100,
})
print(answer)
sys.exit(0 if json.loads(answer)["errcode"] == 0 else 1)
