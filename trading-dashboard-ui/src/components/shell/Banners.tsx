import clsx from "clsx";
import { type ReactNode, useEffect, useState } from "react";
import { Button } from "@/components/ui";
import { formatMoment, formatTime } from "@/format";
import { useDesk } from "@/hooks/useDesk";
import { useUnheardSince } from "@/hooks/useDeskHeard";
import { sentenceOf } from "@/services/apiError";
import { readDesk } from "@/services/desk";

/** What everybody must know before they do anything, on every screen. None dismisses itself while it is still true. */
export function Banners() {
  return (
    <>
      <StateBanner />
      <UnheardBanner />
      <NewVersionBanner />
    </>
  );
}

function StateBanner() {
  const desk = useDesk();
  if (desk.data === undefined) {
    return desk.isError ? (
      <Banner tone="warning">
        <strong>The desk's state could not be read.</strong> {sentenceOf(desk.error)}
      </Banner>
    ) : null;
  }
  const { is_killed, is_armed, is_reduce_only, reason, changed_by_email, changed_at } = desk.data;
  if (!is_killed && is_armed && !is_reduce_only) return null;
  const words = is_killed
    ? { head: "Kill switch on: nothing is sent.", rest: "An administrator re-arms the desk with a code." }
    : !is_armed
      ? { head: "Sending is disarmed.", rest: "Orders are recorded as blocked until an administrator arms the desk." }
      : { head: "Reduce only.", rest: "Exits are sent, new positions are not." };
  return (
    <Banner tone={is_killed ? "bad" : "warning"}>
      <strong>{words.head}</strong> {words.rest}
      {reason ? <> Reason: {reason}.</> : null}
      <span>
        {" "}
        Changed{changed_by_email === null ? "" : ` by ${changed_by_email},`} {formatMoment(changed_at)}.
      </span>
    </Banner>
  );
}

function UnheardBanner() {
  const since = useUnheardSince();
  if (since === null) return null;
  return (
    <Banner tone="warning">
      <strong>No word from the desk since {formatTime(since)}.</strong> The figures on this screen are of that time.
      What was sent before goes on without this page.
    </Banner>
  );
}

/** A part of this version that cannot be fetched while the desk answers is gone. */
function NewVersionBanner() {
  const [isNew, setIsNew] = useState(false);
  useEffect(() => {
    const heed = (event: Event) => {
      event.preventDefault(); // pagePart asks again, and nothing reloads by itself
      readDesk().then(
        () => setIsNew(true),
        () => undefined, // the desk is away, not new
      );
    };
    addEventListener("vite:preloadError", heed);
    return () => removeEventListener("vite:preloadError", heed);
  }, []);
  if (!isNew) return null;
  return (
    <Banner tone="warning">
      <span className="grow">
        <strong>The desk has a new version.</strong> Reload when nothing is under way; what you typed is kept.
      </span>
      <Button size="small" onClick={() => location.reload()}>
        Reload
      </Button>
    </Banner>
  );
}

function Banner({ tone, children }: { tone: "bad" | "warning"; children: ReactNode }) {
  return (
    <div
      role={tone === "bad" ? "alert" : "status"}
      className={clsx(
        "border-b px-3 py-1.5 text-sm",
        tone === "bad" ? "bg-bad text-on-bad" : "bg-warning-soft text-warning",
      )}
    >
      {children}
    </div>
  );
}
