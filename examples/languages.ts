/**
 * The language samples: what each needs and how it is run. The tests run them from this table, and
 * `node examples/languages.ts --debian-packages` prints what a Debian machine must install for that.
 */
import { spawnSync } from "node:child_process";

export interface Language {
  language: string;
  /** Relative to `examples/`, as are all paths here. */
  folder: string;
  file: string;
  debianPackages: string[];
  /** Commands that exit with 0 where the runtime is installed. */
  probes: Command[];
  /** Compiles once, into the working directory, what `command` then starts quickly many times. */
  prepare?: Command;
  command: Command;
  /** The command the READMEs give; the card number follows it. */
  documented: string;
}

export type Command = [program: string, ...args: string[]];

export const languages: Language[] = [
  {
    language: "php",
    folder: "php",
    file: "php/member_info.php",
    debianPackages: ["php-cli"],
    probes: [["php", "--version"]],
    command: ["php", "php/member_info.php"],
    documented: "php php/member_info.php",
  },
  {
    language: "python",
    folder: "python",
    file: "python/member_info.py",
    debianPackages: ["python3"],
    probes: [["python3", "--version"]],
    command: ["python3", "python/member_info.py"],
    documented: "python3 python/member_info.py",
  },
  {
    language: "java",
    folder: "java",
    file: "java/MemberInfo.java",
    debianPackages: ["default-jdk-headless"],
    probes: [
      ["javac", "-version"],
      ["java", "-version"],
    ],
    prepare: ["javac", "-encoding", "UTF-8", "-d", "java", "java/MemberInfo.java"],
    command: ["java", "-cp", "java", "MemberInfo"],
    // Before Java 18 the source's encoding is the system's, and on a Chinese Windows that is GBK.
    documented: "java -Dfile.encoding=UTF-8 java/MemberInfo.java",
  },
  {
    language: "go",
    folder: "go",
    file: "go/member_info.go",
    debianPackages: ["golang-go"],
    probes: [["go", "version"]],
    prepare: ["go", "build", "-o", "go/member_info", "go/member_info.go"],
    command: ["go/member_info"],
    documented: "go run go/member_info.go",
  },
  {
    language: "csharp",
    folder: "csharp",
    file: "csharp/MemberInfo.cs",
    debianPackages: ["mono-mcs", "mono-runtime", "libmono-system-net-http4.0-cil"],
    probes: [
      ["mcs", "--version"],
      ["mono", "--version"],
    ],
    prepare: ["mcs", "-r:System.Net.Http", "csharp/MemberInfo.cs"],
    command: ["mono", "csharp/MemberInfo.exe"],
    documented: "mcs -r:System.Net.Http csharp/MemberInfo.cs && mono csharp/MemberInfo.exe",
  },
  {
    language: "node",
    folder: "node",
    file: "node/member_info.mjs",
    // None: `npm ci` brings the Node that the tests themselves run on.
    debianPackages: [],
    probes: [["node", "--version"]],
    command: ["node", "node/member_info.mjs"],
    documented: "node node/member_info.mjs",
  },
  {
    language: "curl",
    folder: "curl",
    file: "curl/member_info.sh",
    debianPackages: ["bash", "curl", "openssl"],
    probes: [
      ["bash", "--version"],
      ["curl", "--version"],
      ["openssl", "version"],
    ],
    command: ["bash", "curl/member_info.sh"],
    documented: "bash curl/member_info.sh",
  },
];

/** What keeps this language's sample from running on this machine, and how to put it right; undefined if nothing does. */
export function missingRuntime(language: Language): string | undefined {
  const absent = language.probes
    .filter(([program, ...args]) => spawnSync(program, args).status !== 0)
    .map(([program]) => program);
  if (absent.length === 0) return undefined;
  return `${language.language} (${absent.join(", ")} not found; Debian: ${language.debianPackages.join(" ") || "none"})`;
}

if (import.meta.main) {
  if (process.argv[2] !== "--debian-packages") {
    console.error("usage: node examples/languages.ts --debian-packages");
    process.exit(2);
  }
  console.log([...new Set(languages.flatMap((language) => language.debianPackages))].join(" "));
}
