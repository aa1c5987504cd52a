/** A signed call, ready to be sent. */
export interface ReadyRequest {
  readonly url: string;
  /** JSON in ASCII, see {@link asciiJson}. */
  readonly body: string;
}

interface SnippetLanguage {
  readonly id: string;
  readonly label: string;
  readonly write: (request: ReadyRequest) => string;
}

/**
 * A JSON value in printable ASCII: everything else as \uXXXX, which reads back as the same text. No encoding of an
 * editor, a terminal or a compiler can change the body then, and no invisible character is lost when it is copied.
 */
export function asciiJson(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Programs that send exactly this body, in the order of the examples' README. None contains the secret. */
export const snippetLanguages: readonly SnippetLanguage[] = [
  {
    id: "curl",
    label: "curl",
    write: ({ url, body }) => `curl -sS ${shellQuoted(url)} \\
  -H 'Content-Type: application/json' \\
  --data-binary ${shellQuoted(body)}
`,
  },
  {
    id: "php",
    label: "PHP",
    write: ({ url, body }) => `<?php
$body = ${singleQuoted(body)};
echo file_get_contents(${singleQuoted(url)}, false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => 'Content-Type: application/json',
    'content' => $body,
    'timeout' => 10,
    'ignore_errors' => true,
]])), "\\n";
`,
  },
  {
    id: "python",
    label: "Python",
    write: ({ url, body }) => `from urllib.error import HTTPError
from urllib.request import Request, urlopen

body = ${singleQuoted(body)}
request = Request(${singleQuoted(url)}, body.encode("ascii"), {"Content-Type": "application/json"})
try:
    answer = urlopen(request, timeout=10)
except HTTPError as error:
    answer = error
print(answer.read().decode("utf-8"))
`,
  },
  {
    id: "java",
    label: "Java",
    write: ({ url, body }) => `import java.net.URI;
import java.net.http.*;
import java.time.Duration;

public class SignedCall {
    public static void main(String[] args) throws Exception {
        String body = ${doubleQuoted(body)};
        HttpRequest request = HttpRequest.newBuilder(URI.create(${doubleQuoted(url)}))
                .version(HttpClient.Version.HTTP_1_1).timeout(Duration.ofSeconds(10))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}
`,
  },
  {
    id: "go",
    label: "Go",
    write: ({ url, body }) => `package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"time"
)

func main() {
	body := ${body.includes("`") ? doubleQuoted(body) : `\`${body}\``}
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Post(${doubleQuoted(url)}, "application/json", strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(answer))
}
`,
  },
  {
    id: "csharp",
    label: "C#",
    write: ({ url, body }) => `using System;
using System.Net.Http;
using System.Text;

static class SignedCall
{
    static void Main()
    {
        var body = @"${body.replaceAll('"', '""')}";
        using (var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) })
        {
            var content = new StringContent(body, Encoding.UTF8, "application/json");
            var response = http.PostAsync(${doubleQuoted(url)}, content).GetAwaiter().GetResult();
            Console.WriteLine(response.Content.ReadAsStringAsync().GetAwaiter().GetResult());
        }
    }
}
`,
  },
  {
    id: "node",
    label: "Node",
    write: ({ url, body }) => `const response = await fetch(${singleQuoted(url)}, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: ${singleQuoted(body)},
  signal: AbortSignal.timeout(10_000),
});
console.log(await response.text());
`,
  },
];

/** For a POSIX shell, where nothing is special between single quotes but their end. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** For PHP, Python and JavaScript, whose single-quoted strings take \\ and \' alike, and none looks for $ or %. */
function singleQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
}

/** For Java and Go. A backslash before "u" is always doubled, so that Java does not take it for an escape of its own. */
function doubleQuoted(text: string): string {
  return `"${text.replace(/[\\"]/g, String.raw`\$&`)}"`;
}
