import { App } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { signInCall } from "./auth.ts";

/** Ends the session and begins the console anew, so that nothing of it is left for the next person at this browser. */
export function useSignOut(): () => Promise<void> {
  const { language } = useLanguage();
  const { message } = App.useApp();
  return async () => {
    try {
      await signInCall("/sign-out", undefined, language);
      location.replace("/console/");
    } catch (error) {
      message.error(error instanceof Error ? error.message : String(error));
    }
  };
}
