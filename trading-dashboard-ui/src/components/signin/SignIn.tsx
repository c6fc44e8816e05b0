import { type ComponentProps, lazy, Suspense, useEffect } from "react";
import { pagePart } from "@/services/pagePart";

const load = pagePart(() => import("./SignInForm"));
const Form = lazy(load);

/** The sign-in form, which is no part of the first screen's scripts. */
export function SignIn(props: ComponentProps<typeof Form>) {
  return (
    <Suspense fallback={<p role="status">Opening…</p>}>
      <Form {...props} />
    </Suspense>
  );
}

/** Fetches the form while the desk answers, so that it is there when the session ends. */
export function useSignInAtHand(): void {
  useEffect(() => {
    const waiting = window.setTimeout(() => void load().catch(() => undefined), 3000);
    return () => window.clearTimeout(waiting);
  }, []);
}
