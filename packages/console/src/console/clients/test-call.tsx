import { signParameters } from "@dakashi/sdk/signature";
import { Alert, Button, Space } from "antd";
import { useState } from "react";
import { type Language, useLanguage } from "../../shared/language.tsx";
import { CallError, send } from "../api.ts";
import type { Issued } from "./words.ts";

interface Outcome {
  readonly isGood: boolean;
  readonly words: string;
}

/** Tries new credentials at once, with a signed call such as the integrator will make. */
export function TestCall({ issued }: { readonly issued: Issued }) {
  const { t, language } = useLanguage();
  const [isBusy, setIsBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  async function test(): Promise<void> {
    setIsBusy(true);
    setOutcome(await signedCall(issued, language));
    setIsBusy(false);
  }
  return (
    <Space orientation="vertical" size={8} style={{ width: "100%" }}>
      <Space wrap>
        <Button loading={isBusy} onClick={() => void test()}>
          {t("用它发起一次签名调用", "Try it with a signed call")}
        </Button>
        <Button type="link" href="/docs/explorer" target="_blank">
          {t("打开接口调试", "Open the API explorer")}
        </Button>
      </Space>
      {outcome !== undefined && (
        <Alert
          type={outcome.isGood ? "success" : "warning"}
          showIcon
          title={
            outcome.isGood
              ? t("签名正确，服务器应答了调用。", "The signature is right, and the server answered the call.")
              : t(`服务器拒绝了调用：${outcome.words}`, `The server refused the call: ${outcome.words}`)
          }
        />
      )}
    </Space>
  );
}

async function signedCall({ client_id, client_secret }: Issued, language: Language): Promise<Outcome> {
  const parameters = { client_id, timestamp: Math.floor(Date.now() / 1000) };
  try {
    const response = await send(
      "/v1/member/list",
      {
        method: "POST",
        headers: { "content-type": "application/json", "accept-language": language },
        body: JSON.stringify({ ...parameters, sign: signParameters(parameters, client_secret) }),
      },
      language,
    );
    const { errcode, errmsg } = (await response.json()) as { errcode: number; errmsg: string };
    return { isGood: errcode === 0, words: `${errcode} ${errmsg}` };
  } catch (error) {
    return { isGood: false, words: error instanceof CallError ? error.message : String(error) };
  }
}
