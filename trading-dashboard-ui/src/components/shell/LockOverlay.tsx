import { SignIn } from "@/components/signin/SignIn";
import { AlertDialog, Button } from "@/components/ui";
import { type LockReason, useSession } from "@/store/sessionStore";

const WHY: Record<LockReason, { title: string; why: string }> = {
  expired: { title: "Your session has ended", why: "Sign in to go on where you were." },
  idle: { title: "Locked", why: "Nobody used the desk for a while. Sign in to go on where you were." },
  signed_out_elsewhere: { title: "You signed out in another tab", why: "Sign in to go on here." },
};

/** Covers the screen when the session has ended: what was typed stays, the keys are dead. */
export function LockOverlay() {
  const session = useSession((store) => store.session);
  const check = useSession((store) => store.check);
  const dismiss = useSession((store) => store.dismiss);
  if (session.status !== "locked") return null;
  const { title, why } = WHY[session.reason];
  return (
    <AlertDialog
      open
      width="narrow"
      title={title}
      description={`${why} What you typed is still here; nothing was sent.`}
      actions={
        <Button tone="ghost" onClick={dismiss}>
          Sign in as somebody else
        </Button>
      }
    >
      <SignIn email={session.me.email} onSignedIn={check} />
    </AlertDialog>
  );
}
