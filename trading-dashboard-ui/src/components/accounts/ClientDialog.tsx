import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { Button, Dialog, Field, Select, Switch, TextInput, toast } from "@/components/ui";
import { lastTried, useLoginTest } from "@/hooks/useLoginTest";
import { type ClientForm, clientChange, clientForm, leadsToLogin, NONE, newClient } from "@/rules/accountForms";
import { isAnyTyped, SECRET_NAMES } from "@/rules/secrets";
import { type Account, addClient, changeClient, type Dealer, type Egress } from "@/services/accounts";
import { DeactivateDialog } from "./DeactivateDialog";
import { LoginTestNote } from "./LoginTestNote";
import { problemsOf, SaveProblem } from "./SaveProblem";
import { SecretFields } from "./SecretFields";
import { useAccountNews } from "./useAccounts";

const FIELDS = ["name", "mofsl_client_code", "groups", ...SECRET_NAMES];

interface ClientDialogProps {
  /** Null for a new one. */
  client: Account | null;
  dealers: readonly Dealer[];
  egresses: readonly Egress[];
  onClose: () => void;
}

/** One client: what it is called, how it logs in, and what the broker says to that. */
export default function ClientDialog({ client, dealers, egresses, onClose }: ClientDialogProps) {
  const [stored, setStored] = useState(client);
  const [form, setForm] = useState<ClientForm>(() => clientForm(client));
  const [isStopping, setIsStopping] = useState(false);
  const [test, follow] = useLoginTest();
  const tellNews = useAccountNews();
  const formId = useId();
  const change = stored === null ? null : clientChange(form, stored);
  const isDirty = change === null || Object.keys(change).length > 0;
  const set = (changes: Partial<ClientForm>) => setForm((before) => ({ ...before, ...changes }));

  const save = useMutation({
    mutationFn: async (thenTest: boolean) => {
      const loginId = form.dealerId === NONE ? stored?.id : form.dealerId;
      const before = thenTest && loginId !== undefined ? await lastTried(loginId) : null;
      const logsInByItself = change === null ? form.dealerId === NONE : leadsToLogin(change, form.dealerId);
      const saved = await (stored === null || change === null
        ? addClient(newClient(form))
        : isDirty
          ? changeClient(stored.id, change)
          : stored);
      return { saved, thenTest, before, ask: !logsInByItself };
    },
    onSuccess: ({ saved, thenTest, before, ask }) => {
      if (!thenTest) {
        toast({ id: `client-${saved.id}`, tone: "good", title: `${saved.mofsl_client_code} is stored.` });
        onClose();
        return;
      }
      setStored(saved);
      setForm(clientForm(saved));
      void follow({ loginId: saved.dealer_id ?? saved.id, ask, before }).then(tellNews);
    },
    onSettled: tellNews,
  });
  const problemOf = problemsOf(save.error);
  const isBusy = save.isPending || test.phase === "waiting";

  return (
    <Dialog
      open
      onClose={onClose}
      width="wide"
      title={stored === null ? "Add a client" : `${stored.mofsl_client_code} ${stored.name}`}
      description={stored === null ? undefined : stored.is_active ? "Active" : "Not active: nothing is traded for it"}
      actions={
        <>
          {stored?.is_active ? (
            <Button className="mr-auto" onClick={() => setIsStopping(true)}>
              Deactivate…
            </Button>
          ) : null}
          <Button onClick={onClose}>{stored === null || isDirty ? "Cancel" : "Close"}</Button>
          <Button disabled={isBusy || !form.isActive} focusableWhenDisabled onClick={() => save.mutate(true)}>
            {test.phase === "waiting" ? "Testing…" : isDirty ? "Save and test login" : "Test login"}
          </Button>
          <Button type="submit" form={formId} tone="primary" disabled={isBusy || !isDirty} focusableWhenDisabled>
            {save.isPending ? "Saving…" : "Save"}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        autoComplete="off"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (!isBusy && isDirty) save.mutate(false);
        }}
        className="flex flex-col gap-3"
      >
        <div className="grid gap-3 sm:grid-cols-3">
          <Field label="Name" error={problemOf("name")}>
            <TextInput value={form.name} onValueChange={(name) => set({ name })} required maxLength={100} />
          </Field>
          <Field label="MOFSL client code" error={problemOf("mofsl_client_code")}>
            <TextInput
              value={form.code}
              onValueChange={(code) => set({ code })}
              required
              maxLength={15}
              spellCheck={false}
            />
          </Field>
          <Field label="Groups" hint="With commas between them" error={problemOf("groups")}>
            <TextInput value={form.groups} onValueChange={(groups) => set({ groups })} />
          </Field>
          <Select
            label="Logs in"
            value={form.dealerId}
            options={[
              { value: NONE, label: "with its own secrets" },
              ...dealers.map((dealer) => ({
                value: dealer.id,
                label: `through ${dealer.dealer_code} ${dealer.name}${dealer.is_active ? "" : " (not active)"}`,
              })),
            ]}
            onChange={(dealerId) => set({ dealerId })}
          />
          <Select
            label="Reaches the broker"
            value={form.egressId}
            options={[
              { value: NONE, label: "as this machine does" },
              ...egresses.map((egress) => ({ value: egress.id, label: `by ${egress.name}` })),
            ]}
            onChange={(egressId) => set({ egressId })}
          />
          <div className="self-end">
            <Switch label="Active" checked={form.isActive} onChange={(isActive) => set({ isActive })} />
          </div>
        </div>
        {form.dealerId === NONE ? (
          <SecretFields
            areSet={stored?.has_credentials ?? false}
            secrets={form.secrets}
            onChange={(secrets) => set({ secrets })}
            problemOf={problemOf}
          />
        ) : (
          <p className="text-sm text-ink-soft">
            The dealer's login serves this client; it needs no secrets of its own.
            {isAnyTyped(form.secrets) ? " What was typed is not stored." : ""}
          </p>
        )}
        <SaveProblem error={save.error} fields={FIELDS} />
        <LoginTestNote test={test} />
      </form>
      {isStopping && stored !== null ? (
        <DeactivateDialog client={stored} onKeep={() => setIsStopping(false)} onDone={onClose} />
      ) : null}
    </Dialog>
  );
}
