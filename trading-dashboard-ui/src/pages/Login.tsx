import { useEffect } from "react";
import { deskMode, MODE_LOOK } from "@/components/shell/deskMode";
import { ModeBadge } from "@/components/shell/ModeBadge";
import { SignIn } from "@/components/signin/SignIn";
import { useSession } from "@/store/sessionStore";

export function Login() {
  const check = useSession((store) => store.check);
  const look = MODE_LOOK[deskMode()];
  useEffect(() => {
    document.title = `${look.inTitle}Sign in · Desk`;
  }, [look]);
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center gap-4 p-4">
      <div className="rounded-lg border bg-surface p-5 shadow-sm">
        <header className="mb-4 flex flex-wrap items-center gap-2">
          <h1 className="grow text-lg font-semibold">Desk sign-in</h1>
          <ModeBadge />
        </header>
        <SignIn onSignedIn={check} />
      </div>
      <p className="px-1 text-xs text-ink-soft">{look.meaning}</p>
    </main>
  );
}
