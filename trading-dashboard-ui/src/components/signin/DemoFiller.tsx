import { useEffect, useState } from "react";
import { isDemo } from "@/components/shell/deskMode";
import { Button, ErrorNote } from "@/components/ui";
import { readDemoForm } from "@/services/session";

interface DemoFillerProps {
  /** What the button fills in. */
  what?: "administrator" | "code";
  onFilled: (filled: { email: string; password: string; totp_code: string }) => void;
}

/** In a demo alone: fills the form with what its administrator would type now. Sending it stays a person's act. */
export function DemoFiller({ what = "administrator", onFilled }: DemoFillerProps) {
  const [waitS, setWaitS] = useState(0);
  const [error, setError] = useState<unknown>(null);
  const isWaiting = waitS > 0;

  const fill = async () => {
    setError(null);
    try {
      const filled = await readDemoForm();
      if (filled.totp_code === null) setWaitS(filled.wait_s);
      else onFilled({ ...filled, totp_code: filled.totp_code });
    } catch (failure) {
      setError(failure);
    }
  };

  useEffect(() => {
    if (waitS <= 0) return;
    const timer = setTimeout(() => {
      setWaitS(waitS - 1);
      if (waitS === 1) void fill();
    }, 1000);
    return () => clearTimeout(timer);
  });

  if (!isDemo()) return null;
  return (
    <div className="flex flex-col gap-2 border-t pt-3">
      <Button onClick={() => void fill()} disabled={isWaiting}>
        Fill in the demo's {what}
      </Button>
      <p role="status" className="text-xs text-ink-soft">
        {isWaiting
          ? `This moment's code was used already. The next one comes in ${waitS} s and is filled in by itself.`
          : "This desk is a demo: its clients and its broker are simulated."}
      </p>
      {error === null ? null : <ErrorNote error={error} />}
    </div>
  );
}
