// 查询流量卡基本信息。Mono 5 以上，只用标准库
// A card and how much data it has this month. Mono 5 or later, standard library only.
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
    static string Sign(IDictionary<string, object> parameters, string secret)
    {
        var pairs = parameters.Where(p => p.Key != "sign").OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Key + "=" + p.Value);
        var bytes = Encoding.UTF8.GetBytes(string.Join("&", pairs) + secret);
        using (var sha1 = SHA1.Create())
            return BitConverter.ToString(sha1.ComputeHash(bytes)).Replace("-", "");
    }

    // 只有字符串和整数；产品中请改用 JSON 库 / of strings and integers; use your JSON library in a product
    static string Json(IDictionary<string, object> parameters) =>
        "{" + string.Join(",", parameters.Select(p => Quote(p.Key) + ":" + (p.Value is string ? Quote((string)p.Value) : p.Value))) + "}";

    static string Quote(string text) => '"' + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + '"';

    static string Env(string name, string fallback = "") => Environment.GetEnvironmentVariable(name) ?? fallback;

    static async Task<string> Call(string path, Dictionary<string, object> parameters)
    {
        parameters["client_id"] = Env("DKS_CLIENT_ID");
        parameters["timestamp"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        parameters["sign"] = Sign(parameters, Env("DKS_CLIENT_SECRET"));
        using (var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) })
        {
            var content = new StringContent(Json(parameters), Encoding.UTF8, "application/json");
            var response = await http.PostAsync(Env("DKS_URL", "http://127.0.0.1:8080") + path, content);
            return await response.Content.ReadAsStringAsync(); // 不论 HTTP 状态码 / whatever the HTTP status
        }
    }

    static int Main(string[] args)
    {
        if (args.FirstOrDefault() == "--sign")
        {
            var pairs = args.Skip(1).Select(arg => arg.Split(new[] { '=' }, 2));
            Console.WriteLine(Sign(pairs.ToDictionary(pair => pair[0], pair => (object)pair[1]), Env("DKS_CLIENT_SECRET")));
            return 0;
        }
        // 卡号用字符串 / a card number is a string
        var answer = Call("/v1/member/info", new Dictionary<string, object>
        {
            ["serial_no"] = args[0],
        }).GetAwaiter().GetResult();
        Console.WriteLine(answer);
        return answer.Contains("\"errcode\":0,") ? 0 : 1;
    }
}
