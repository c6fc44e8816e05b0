import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Field, Select, TextInput, toast } from "@/components/ui";
import { type EgressForm, egressChange, egressForm, newEgress } from "@/rules/accountForms";
import { addEgress, changeEgress, type Egress } from "@/services/accounts";
import { EGRESS_KINDS } from "./egressKinds";
import { FormDialog } from "./FormDialog";
import { problemsOf, SaveProblem } from "./SaveProblem";
import { useAccountNews } from "./useAccounts";

const FIELDS = ["name", "value", "registered_address"];

interface EgressDialogProps {
  /** Null for a new one. */
  egress: Egress | null;
  onClose: () => void;
}

export default function EgressDialog({ egress, onClose }: EgressDialogProps) {
  const [form, setForm] = useState<EgressForm>(() => egressForm(egress));
  const tellNews = useAccountNews();
  const change = egress === null ? null : egressChange(form, egress);
  const isDirty = change === null || Object.keys(change).length > 0;
  const set = (changes: Partial<EgressForm>) => setForm((before) => ({ ...before, ...changes }));
  const save = useMutation({
    mutationFn: () =>
      egress === null || change === null ? addEgress(newEgress(form)) : changeEgress(egress.id, change),
    onSuccess: (saved) => {
      toast({ id: `egress-${saved.id}`, tone: "good", title: `${saved.name} is stored.` });
      onClose();
    },
    onSettled: tellNews,
  });
  const problemOf = problemsOf(save.error);

  return (
    <FormDialog
      title={egress === null ? "Add an egress" : egress.name}
      description="A change of the kind or of an address takes the verification back."
      isSaving={save.isPending}
      canSave={!save.isPending && isDirty}
      onSave={() => save.mutate()}
      onClose={onClose}
    >
      <Field label="Name" error={problemOf("name")}>
        <TextInput value={form.name} onValueChange={(name) => set({ name })} required maxLength={100} />
      </Field>
      <Select label="Requests leave" value={form.kind} options={EGRESS_KINDS} onChange={(kind) => set({ kind })} />
      {form.kind === "direct" ? null : (
        <Field
          label={form.kind === "proxy" ? "Proxy" : "Local address"}
          hint={form.kind === "proxy" ? "Such as http://10.0.0.5:3128, without a password" : "Such as 10.0.0.7"}
          error={problemOf("value")}
        >
          <TextInput value={form.value} onValueChange={(value) => set({ value })} maxLength={300} />
        </Field>
      )}
      <Field
        label="Registered address"
        hint="The public address that the broker has on file. Not needed."
        error={problemOf("registered_address")}
      >
        <TextInput
          value={form.registeredAddress}
          onValueChange={(registeredAddress) => set({ registeredAddress })}
          maxLength={64}
        />
      </Field>
      <SaveProblem error={save.error} fields={FIELDS} />
    </FormDialog>
  );
}
