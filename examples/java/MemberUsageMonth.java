// 查询流量卡每月用量。Java 11 以上，只用标准库
// What a card used in each billing month. Java 11 or later, standard library only.
import java.math.BigInteger;
import java.net.URI;
import java.net.http.*;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.*;
import java.util.*;
import java.util.stream.Collectors;

public class MemberUsageMonth {
    // 签名：除 sign 外的参数按名称排序，用 & 连接，不做 URL 编码，保留空值，末尾加密钥，SHA-1，转大写
    static String sign(Map<String, ?> params, String secret) throws Exception {
        String text = new TreeMap<>(params).entrySet().stream().filter(param -> !param.getKey().equals("sign"))
                .map(param -> param.getKey() + "=" + param.getValue()).collect(Collectors.joining("&")) + secret;
        byte[] digest = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
        return String.format("%040X", new BigInteger(1, digest));
    }

    // 只有字符串和整数；产品中请改用 JSON 库 / of strings and integers; use your JSON library in a product
    static String json(Map<String, ?> params) {
        return params.entrySet().stream().map(param -> quote(param.getKey()) + ":"
                + (param.getValue() instanceof String ? quote((String) param.getValue()) : param.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
    }

    static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    static String env(String name, String fallback) {
        return System.getenv().getOrDefault(name, fallback);
    }

    static String call(String path, Map<String, Object> params) throws Exception {
        params.put("client_id", env("DKS_CLIENT_ID", ""));
        params.put("timestamp", Instant.now().getEpochSecond());
        params.put("sign", sign(params, env("DKS_CLIENT_SECRET", "")));
        // Without HTTP_1_1, Java offers an upgrade to HTTP/2 with every plain-text call.
        HttpRequest request = HttpRequest.newBuilder(URI.create(env("DKS_URL", "http://127.0.0.1:8080") + path))
                .version(HttpClient.Version.HTTP_1_1).timeout(Duration.ofSeconds(10))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json(params))).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals("--sign")) {
            System.out.println(sign(Arrays.stream(args).skip(1).map(arg -> arg.split("=", 2))
                    .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1])), env("DKS_CLIENT_SECRET", "")));
            return;
        }
        // 卡号用字符串 / a card number is a string
        Map<String, Object> params = new HashMap<>();
        params.put("serial_no", args[0]);
        params.put("start_month", args[1]);
        params.put("end_month", args[2]);
        String answer = call("/v1/member/usage/month", params);
        System.out.println(answer);
        System.exit(answer.contains("\"errcode\":0,") ? 0 : 1);
    }
}
