// 查询流量卡基本信息。Go 1.16 以上，只用标准库
// Asks for one card's data of the month. Go 1.16 or later, standard library only.
package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sort"
	"strings"
	"time"
)

// 签名：除 sign 外的参数按名称排序，用 & 连接，不做 URL 编码，保留空值，末尾加密钥，SHA-1，转大写
func sign(params map[string]interface{}, secret string) string {
	var names, pairs []string
	for name := range params {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if name != "sign" {
			pairs = append(pairs, fmt.Sprint(name, "=", params[name]))
		}
	}
	return fmt.Sprintf("%X", sha1.Sum([]byte(strings.Join(pairs, "&")+secret)))
}

func main() {
	url, secret, params := os.Getenv("DKS_URL"), os.Getenv("DKS_CLIENT_SECRET"), map[string]interface{}{}
	if url == "" {
		url = "http://127.0.0.1:8080"
	}
	if os.Args[1] == "--sign" {
		for _, pair := range os.Args[2:] {
			equals := strings.Index(pair, "=")
			params[pair[:equals]] = pair[equals+1:]
		}
		fmt.Println(sign(params, secret))
		return
	}
	// 卡号是字符串，时间戳是整数 / the card number is a string, the timestamp an integer
	params["client_id"], params["serial_no"], params["timestamp"] = os.Getenv("DKS_CLIENT_ID"), os.Args[1], time.Now().Unix()
	params["sign"] = sign(params, secret)
	body, _ := json.Marshal(params) // 只有字符串和整数，不会出错 / of strings and an integer, it cannot fail
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Post(url+"/v1/member/info", "application/json", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	answer, err := io.ReadAll(response.Body) // 不论 HTTP 状态码 / whatever the HTTP status
	fmt.Println(string(answer))
	if err != nil || !bytes.Contains(answer, []byte(`"errcode":0,`)) {
		os.Exit(1)
	}
}
