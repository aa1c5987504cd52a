// 查询流量卡每日用量。Go 1.16 以上，只用标准库
// What a card used on each day. Go 1.16 or later, standard library only.
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

func call(path string, params map[string]interface{}) ([]byte, error) {
	url := os.Getenv("DKS_URL")
	if url == "" {
		url = "http://127.0.0.1:8080"
	}
	// 时间戳是整数 / the timestamp is an integer
	params["client_id"], params["timestamp"] = os.Getenv("DKS_CLIENT_ID"), time.Now().Unix()
	params["sign"] = sign(params, os.Getenv("DKS_CLIENT_SECRET"))
	body, _ := json.Marshal(params) // 只有字符串和整数，不会出错 / of strings and integers, it cannot fail
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Post(url+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body) // 不论 HTTP 状态码 / whatever the HTTP status
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--sign" {
		params := map[string]interface{}{}
		for _, pair := range os.Args[2:] {
			equals := strings.Index(pair, "=")
			params[pair[:equals]] = pair[equals+1:]
		}
		fmt.Println(sign(params, os.Getenv("DKS_CLIENT_SECRET")))
		return
	}
	// 卡号用字符串 / a card number is a string
	answer, err := call("/v1/member/usage/daily", map[string]interface{}{
		"serial_no":  os.Args[1],
		"start_date": os.Args[2],
		"end_date":   os.Args[3],
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(answer))
	if !bytes.Contains(answer, []byte(`"errcode":0,`)) {
		os.Exit(1)
	}
}
