import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { Button, Dialog, Field, Select, Switch, TextInput, toast } from "@/components/ui";
import { lastTried, useLoginTest } from "@/hooks/useLoginTest";
import { type DealerForm, dealerChange, dealerForm, leadsToLogin, NONE, newDealer } from "@/rules/accountForms";
import { SECRET_NAMES } from "@/rules/secrets";
import { addDealer, changeDealer, type Dealer, type Egress } from "@/services/accounts";
import { LoginTestNote } from "./LoginTestNote";
import { problemsOf, SaveProblem } from "./SaveProblem";
import { SecretFields } from "./SecretFields";
import { useAccountNews } from "./useAccounts";

const FIELDS = ["name", "dealer_code", ...SECRET_NAMES];

interface DealerDialogProps {
  /** Null for a new one. */
  dealer: Dealer | null;
  egresses: readonly Egress[];
  onClose: () => void;
}

/** One dealer login: its secrets serve every client that is mapped to it. */
export default function DealerDialog({ dealer, egresses, onClose }: DealerDialogProps) {
  const [stored, setStored] = useState(dealer);
  const [form, setForm] = useState<DealerForm>(() => dealerForm(dealer));
  const [test, follow] = useLoginTest();
  const tellNews = useAccountNews();
  const formId = useId();
  const change = stored === null ? null : dealerChange(form, stored);
  const isDirty = change === null || Object.keys(change).length > 0;
  const set = (changes: Partial<DealerForm>) => setForm((before) => ({ ...before, ...changes }));

  const save = useMutation({
    mutationFn: async (thenTest: boolean) => {
      const before = thenTest && stored !== null ? await lastTried(stored.id) : null;
      const logsInByItself = change === null || leadsToLogin(change, NONE);
      const saved = await (stored === null || change === null
        ? addDealer(newDealer(form))
        : isDirty
          ? changeDealer(stored.id, change)
          : stored);
      return { saved, thenTest, before, ask: !logsInByItself };
    },
    onSuccess: ({ saved, thenTest, before, ask }) => {
      if (!thenTest) {
        toast({ id: `dealer-${saved.id}`, tone: "good", title: `${saved.dealer_code} is stored.` });
        onClose();
        return;
      }
      setStored(saved);
      setForm(dealerForm(saved));
      void follow({ loginId: saved.id, ask, before }).then(tellNews);
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
      title={stored === null ? "Add a dealer login" : `${stored.dealer_code} ${stored.name}`}
      actions={
        <>
          <Button onClick={onClose}>{isDirty ? "Cancel" : "Close"}</Button>
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
          <Field label="Dealer code" error={problemOf("dealer_code")}>
            <TextInput
              value={form.code}
              onValueChange={(code) => set({ code })}
              required
              maxLength={15}
              spellCheck={false}
            />
          </Field>
          <Select
            label="Reaches the broker"
            value={form.egressId}
            options={[
              { value: NONE, label: "as this machine does" },
              ...egresses.map((egress) => ({ value: egress.id, label: `by ${egress.name}` })),
            ]}
            onChange={(egressId) => set({ egressId })}
          />
        </div>
        {stored === null ? null : (
          <Switch
            label="Active"
            hint="Off, nobody is traded for through it. Refused while orders of its clients live."
            checked={form.isActive}
            onChange={(isActive) => set({ isActive })}
          />
        )}
        <SecretFields
          areSet={stored !== null}
          secrets={form.secrets}
          onChange={(secrets) => set({ secrets })}
          problemOf={problemOf}
        />
        <SaveProblem error={save.error} fields={FIELDS} />
        <LoginTestNote test={test} />
      </form>
    </Dialog>
  );
}
