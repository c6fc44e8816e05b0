import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { AlertDialog, Button, toast } from "@/components/ui";
import { type Account, deactivateClient } from "@/services/accounts";
import { SaveProblem } from "./SaveProblem";
import { useAccountNews } from "./useAccounts";

interface DeactivateDialogProps {
  client: Account;
  onKeep: () => void;
  onDone: () => void;
}

/** Clients are never deleted: their orders and their trail must stay. */
export function DeactivateDialog({ client, onKeep, onDone }: DeactivateDialogProps) {
  const keep = useRef<HTMLButtonElement>(null);
  const tellNews = useAccountNews();
  const stop = useMutation({
    mutationFn: () => deactivateClient(client.id),
    onSuccess: () => {
      toast({ id: `client-${client.id}`, tone: "good", title: `${client.mofsl_client_code} is not active any more.` });
      onDone();
    },
    onSettled: tellNews,
  });
  return (
    <AlertDialog
      open
      onCancel={onKeep}
      tone="danger"
      title={`Deactivate ${client.mofsl_client_code} ${client.name}?`}
      description="Its broker session ends and nothing is traded for it. Its orders, its trail and its sealed secrets stay; it can be activated again."
      initialFocus={keep}
      actions={
        <>
          <Button ref={keep} onClick={onKeep}>
            Keep it active
          </Button>
          <Button tone="danger" disabled={stop.isPending} focusableWhenDisabled onClick={() => stop.mutate()}>
            {stop.isPending ? "Deactivating…" : "Deactivate"}
          </Button>
        </>
      }
    >
      {stop.error ? <SaveProblem error={stop.error} fields={[]} /> : null}
    </AlertDialog>
  );
}
