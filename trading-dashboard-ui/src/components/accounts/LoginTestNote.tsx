import { ErrorNote, LOGIN_STATE, StatusBadge } from "@/components/ui";
import { formatTime } from "@/format";
import type { LoginTest } from "@/hooks/useLoginTest";

/** What the broker said to a login. */
export function LoginTestNote({ test }: { test: LoginTest }) {
  return (
    <div role="status" aria-label="Test login" className="text-sm not-empty:min-h-8">
      <Said test={test} />
    </div>
  );
}

function Said({ test }: { test: LoginTest }) {
  switch (test.phase) {
    case "idle":
      return null;
    case "waiting":
      return (
        <p>
          <StatusBadge look={LOGIN_STATE.logging_in}>asking the broker</StatusBadge> A code that an earlier login spent
          is not shown twice: then the next one is awaited, up to 30 seconds.
        </p>
      );
    case "told":
      return (
        <p>
          <StatusBadge look={LOGIN_STATE[test.login.state]} />{" "}
          {test.login.state === "ready"
            ? `The broker took these secrets at ${formatTime(test.login.opened_at)}; the session lasts until ${formatTime(test.login.expires_at)}.`
            : (test.login.reason ?? LOGIN_STATE[test.login.state].meaning)}
        </p>
      );
    case "late":
      return (
        <p className="text-warning">
          ⚠ The broker has said nothing yet. The desk goes on by itself; its screen of broker sessions tells the
          outcome.
        </p>
      );
    case "failed":
      return <ErrorNote title="The login could not be tested" error={test.error} />;
  }
}
