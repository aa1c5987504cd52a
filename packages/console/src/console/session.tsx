import { type ReactNode, createContext, use, useState } from "react";
import { type CallAnswer } from "./api.ts";
import { useAnswer } from "./calls.ts";
import { Failure } from "./parts/failure.tsx";
import { Waiting } from "./parts/waiting.tsx";
import { FirstPasswordPage } from "./staff/first-password-page.tsx";
import { SignInAgain } from "./staff/sign-in-again.tsx";
import { SignInPage } from "./staff/sign-in-page.tsx";

/** Who is signed in, and what the console has to know of the platform. */
export type SessionAnswer = CallAnswer<"GET /session">;
export type Role = SessionAnswer["role"];

const SessionContext = createContext<SessionAnswer | undefined>(undefined);

export function useSession(): SessionAnswer {
  const session = use(SessionContext);
  if (session === undefined) throw new Error("useSession outside a session");
  return session;
}

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Whether whoever is signed in has a role, or a higher one. The server decides; this only hides what it would refuse. */
export function useMayActAs(): (least: Role) => boolean {
  const { role } = useSession();
  return (least) => ranks[role] >= ranks[least];
}

/**
 * Shows the console to whoever is signed in, and the sign-in page to everyone else. Once it is shown it stays, whatever
 * becomes of the session: what was typed is on it.
 */
export function Session({ children }: { readonly children: ReactNode }) {
  const { data, error, isPlaceholderData, refetch } = useAnswer("GET /session", {});
  const [shownTo, setShownTo] = useState<SessionAnswer>();
  /** What was just signed in with: who has to change it need not type it again. */
  const [password, setPassword] = useState<string>();
  if (data !== undefined && !isPlaceholderData && !data.must_change_password && data !== shownTo) {
    setShownTo(data);
    setPassword(undefined);
  }
  if (shownTo !== undefined)
    return (
      <SessionContext value={shownTo}>
        {children}
        <SignInAgain session={shownTo} ended={error?.code} onSignedIn={() => void refetch()} />
      </SessionContext>
    );
  if (error?.code === "signed_out")
    return (
      <SignInPage
        onSignedIn={async (given) => {
          setPassword(given);
          await refetch();
        }}
      />
    );
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Waiting />;
  return <FirstPasswordPage session={data} currentPassword={password} onChanged={() => void refetch()} />;
}
