import { type Diagnosis, findMistake, sha1UpperHex, shapeMistake, unexplained } from "@dakashi/sdk/mistakes";
import { joinParameters } from "@dakashi/sdk/signature";
import { text } from "../text.ts";
import type { Parameters } from "./body.ts";

/**
 * Names the mistake behind a signature that is wrong. `secrets` are those that verify, `expired` those that no longer do.
 */
export function diagnose(
  parameters: Parameters,
  sign: string,
  secrets: readonly string[],
  expired: readonly string[],
): Diagnosis {
  const shape = shapeMistake(parameters, sign, [...secrets, ...expired]);
  if (shape !== undefined) return shape;
  const upper = sign.toUpperCase();
  const correct = joinParameters(parameters);
  for (const secret of expired)
    if (sha1UpperHex(correct + secret) === upper)
      return {
        hint: "sign_old_secret",
        detail: text(
          "使用的是轮换前的旧 client_secret，它已失效，请换用新的",
          "it was made with an older secret, which is no longer valid; use the new one",
        ),
      };
  for (const secret of secrets) {
    const mistake = findMistake(parameters, secret, (signed) => sha1UpperHex(signed) === upper);
    if (mistake !== undefined) return mistake;
  }
  return unexplained;
}
