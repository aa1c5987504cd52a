// 查询流量卡基本信息。Mono 5 以上，只用标准库
// Asks for one card's data of the month. Mono 5 or later, standard library only.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;

static class MemberInfo
{
    // 签名：除 sign 外的参数按名称排序，用 & 连接，不做 URL 编码，保留空值，末尾加密钥，SHA-1，转大写
    // StringComparer.Ordinal: the default order depends on the machine's culture.
    static string Sign(IDictionary<string, string> parameters, string secret)
    {
        var pairs = parameters.Where(p => p.Key != "sign").OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Key + "=" + p.Value);
        var bytes = Encoding.UTF8.GetBytes(string.Join("&", pairs) + secret);
        using (var sha1 = SHA1.Create())
            return BitConverter.ToString(sha1.ComputeHash(bytes)).Replace("-", "");
    }

    // 产品中请改用 JSON 库 / use your JSON library in a product
    static string Quote(string text) => '"' + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + '"';

    static string Env(string name, string fallback = "") => Environment.GetEnvironmentVariable(name) ?? fallback;

    static async Task<string> Call(string serialNo)
    {
        // 卡号是字符串，时间戳是整数 / the card number is a string, the timestamp an integer
        var clientId = Env("DKS_CLIENT_ID");
        var timestamp = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString();
        var sign = Sign(new Dictionary<string, string> { ["client_id"] = clientId, ["serial_no"] = serialNo, ["timestamp"] = timestamp }, Env("DKS_CLIENT_SECRET"));
        var body = $"{{\"client_id\":{Quote(clientId)},\"serial_no\":{Quote(serialNo)},\"timestamp\":{timestamp},\"sign\":\"{sign}\"}}";
        using (var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) })
        {
            var content = new StringContent(body, Encoding.UTF8, "application/json");
            var response = await http.PostAsync(Env("DKS_URL", "http://127.0.0.1:8080") + "/v1/member/info", content);
            return await response.Content.ReadAsStringAsync(); // 不论 HTTP 状态码 / whatever the HTTP status
        }
    }

    static int Main(string[] args)
    {
        if (args[0] == "--sign")
        {
            var pairs = args.Skip(1).Select(arg => arg.Split(new[] { '=' }, 2));
            Console.WriteLine(Sign(pairs.ToDictionary(pair => pair[0], pair => pair[1]), Env("DKS_CLIENT_SECRET")));
            return 0;
        }
        var answer = Call(args[0]).GetAwaiter().GetResult();
        Console.WriteLine(answer);
        return answer.Contains("\"errcode\":0,") ? 0 : 1;
    }
}
