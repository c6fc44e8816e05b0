import { useQueryClient } from "@tanstack/react-query";
import { ChevronDown, OctagonX } from "lucide-react";
import { useRef, useState } from "react";
import { AlertDialog, Button, ErrorNote, Field, Menu, MenuItem, TextInput, toast } from "@/components/ui";
import { useDesk } from "@/hooks/useDesk";
import { sentenceOf } from "@/services/apiError";
import { type DeskState, killDesk, setReduceOnly } from "@/services/desk";
import { useMay } from "@/store/sessionStore";
import { StepUpDialog } from "./StepUpDialog";

type Open = "none" | "kill" | "rearm" | "arm";

/** Stop all sending, and what allows it again. Stopping is the safe side: it needs one press and no code. */
export function DeskControls() {
  const desk = useDesk();
  const queries = useQueryClient();
  const mayStop = useMay("stop_desk");
  const mayArm = useMay("arm_desk");
  const [open, setOpen] = useState<Open>("none");
  if (!mayStop) return null;
  const close = () => setOpen("none");
  const show = (state: DeskState) => queries.setQueryData(["desk"], state);
  const kill = (
    <Button tone="danger" size="small" onClick={() => setOpen("kill")}>
      <OctagonX aria-hidden size={14} /> KILL
    </Button>
  );
  const killing = open === "kill" ? <KillDialog onClose={close} onDone={show} /> : null;
  // Whatever the desk's state is: stopping is never out of reach because it could not be read.
  if (desk.data === undefined) {
    return desk.isError ? (
      <>
        {kill}
        {killing}
      </>
    ) : null;
  }
  const { is_killed, is_armed, is_reduce_only } = desk.data;

  const reduceOnly = async (enabled: boolean) => {
    try {
      show(await setReduceOnly(enabled, null));
    } catch (error) {
      toast({
        id: "reduce-only",
        tone: "bad",
        title: "The desk's state was not changed",
        description: sentenceOf(error),
      });
    }
  };

  return (
    <span className="flex items-center gap-1">
      {is_killed ? (
        mayArm ? (
          <Button tone="plain" size="small" onClick={() => setOpen("rearm")}>
            Re-arm…
          </Button>
        ) : null
      ) : (
        kill
      )}
      <Menu
        trigger={
          <Button tone="ghost" size="small" aria-label="More of the desk's state" className="bg-surface">
            <ChevronDown aria-hidden size={14} />
          </Button>
        }
      >
        {is_reduce_only ? (
          <MenuItem disabled={!mayArm} onSelect={() => void reduceOnly(false)}>
            Allow new positions again
          </MenuItem>
        ) : (
          <MenuItem onSelect={() => void reduceOnly(true)}>Reduce only: send exits, no new positions</MenuItem>
        )}
        {is_armed ? null : (
          <MenuItem disabled={!mayArm} onSelect={() => setOpen("arm")}>
            Arm sending…
          </MenuItem>
        )}
      </Menu>
      {killing}
      {open === "rearm" || open === "arm" ? <StepUpDialog act={open} onClose={close} onDone={show} /> : null}
    </span>
  );
}

interface KillDialogProps {
  onClose: () => void;
  onDone: (state: DeskState) => void;
}

function KillDialog({ onClose, onDone }: KillDialogProps) {
  const [reason, setReason] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isSending, setIsSending] = useState(false);
  const act = useRef<HTMLButtonElement>(null);
  const kill = async () => {
    setIsSending(true);
    setError(null);
    try {
      onDone(await killDesk(reason.trim() === "" ? null : reason.trim()));
      onClose();
    } catch (failure) {
      setError(failure);
      setIsSending(false);
    }
  };
  return (
    <AlertDialog
      open
      onCancel={onClose}
      tone="danger"
      title="Stop all sending?"
      description="No order leaves for any client until an administrator re-arms the desk with a code. Orders that already work at the broker stay there: cancel them from the blotter."
      initialFocus={act}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button ref={act} tone="danger" disabled={isSending} focusableWhenDisabled onClick={() => void kill()}>
            {isSending ? "Stopping…" : "Stop sending now"}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <Field label="Reason" hint="Shown on every screen and kept in the audit trail. Not needed.">
          <TextInput value={reason} onValueChange={setReason} maxLength={300} />
        </Field>
        {error === null ? null : <ErrorNote title="The desk may still be sending" error={error} />}
      </div>
    </AlertDialog>
  );
}
