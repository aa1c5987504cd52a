// 查询流量卡基本信息。Java 11 以上，只用标准库
// Asks for one card's data of the month. Java 11 or later, standard library only.
import java.math.BigInteger;
import java.net.URI;
import java.net.http.*;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.*;
import java.util.*;
import java.util.stream.Collectors;

public class MemberInfo {
    // 签名：除 sign 外的参数按名称排序，用 & 连接，不做 URL 编码，保留空值，末尾加密钥，SHA-1，转大写
    static String sign(Map<String, String> params, String secret) throws Exception {
        String text = new TreeMap<>(params).entrySet().stream().filter(param -> !param.getKey().equals("sign"))
                .map(param -> param.getKey() + "=" + param.getValue()).collect(Collectors.joining("&")) + secret;
        byte[] digest = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
        return String.format("%040X", new BigInteger(1, digest));
    }

    // 产品中请改用 JSON 库 / use your JSON library in a product
    static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    static String env(String name, String fallback) {
        return System.getenv().getOrDefault(name, fallback);
    }

    public static void main(String[] args) throws Exception {
        String secret = env("DKS_CLIENT_SECRET", "");
        if (args[0].equals("--sign")) {
            System.out.println(sign(Arrays.stream(args).skip(1).map(arg -> arg.split("=", 2))
                    .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1])), secret));
            return;
        }
        // 卡号是字符串，时间戳是整数 / the card number is a string, the timestamp an integer
        String clientId = env("DKS_CLIENT_ID", ""), serialNo = args[0];
        String timestamp = String.valueOf(Instant.now().getEpochSecond());
        String sign = sign(Map.of("client_id", clientId, "serial_no", serialNo, "timestamp", timestamp), secret);
        String body = String.format("{\"client_id\":%s,\"serial_no\":%s,\"timestamp\":%s,\"sign\":\"%s\"}",
                quote(clientId), quote(serialNo), timestamp, sign);
        // Without HTTP_1_1, Java offers an upgrade to HTTP/2 with every plain-text call.
        HttpRequest request = HttpRequest.newBuilder(URI.create(env("DKS_URL", "http://127.0.0.1:8080") + "/v1/member/info"))
                .version(HttpClient.Version.HTTP_1_1).timeout(Duration.ofSeconds(10))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body)).build();
        String answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
        System.out.println(answer);
        System.exit(answer.contains("\"errcode\":0,") ? 0 : 1);
    }
}
