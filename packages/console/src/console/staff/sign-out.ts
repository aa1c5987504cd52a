import { useQueryClient } from "@tanstack/react-query";
import { useLanguage } from "../../shared/language.tsx";
import { authCall } from "./auth.ts";

/** Ends the session and shows the sign-in page. */
export function useSignOut(): () => Promise<void> {
  const { language } = useLanguage();
  const client = useQueryClient();
  return async () => {
    await authCall("/sign-out", undefined, language);
    await client.resetQueries();
  };
}
