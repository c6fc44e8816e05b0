import { Field, Select, Switch, TextInput } from "@/components/ui";
import { type DealerForm, dealerChange, dealerForm, leadsToLogin, NONE, newDealer } from "@/rules/accountForms";
import { SECRET_NAMES } from "@/rules/secrets";
import { addDealer, changeDealer, type Dealer, type Egress } from "@/services/accounts";
import { FormDialog } from "./FormDialog";
import { LoginTestNote } from "./LoginTestNote";
import { problemsOf, SaveProblem } from "./SaveProblem";
import { SecretFields } from "./SecretFields";
import { TestLoginButton } from "./TestLoginButton";
import { type LoginFormKind, useLoginForm } from "./useLoginForm";

const FIELDS = ["name", "dealer_code", ...SECRET_NAMES];

const DEALER: LoginFormKind<Dealer, DealerForm, ReturnType<typeof dealerChange>> = {
  formOf: dealerForm,
  changeOf: dealerChange,
  add: (form) => addDealer(newDealer(form)),
  change: changeDealer,
  wantedLogin: (_form, stored) => stored?.id,
  loginOf: (dealer) => dealer.id,
  isTriedAnyway: (_form, change) => change === null || leadsToLogin(change, NONE),
  codeOf: (dealer) => dealer.dealer_code,
};

interface DealerDialogProps {
  /** Null for a new one. */
  dealer: Dealer | null;
  egresses: readonly Egress[];
  onClose: () => void;
}

/** One dealer login: its secrets serve every client that is mapped to it. */
export default function DealerDialog({ dealer, egresses, onClose }: DealerDialogProps) {
  const login = useLoginForm(DEALER, dealer, onClose);
  const { stored, form, set, isDirty, isBusy } = login;
  const problemOf = problemsOf(login.error);

  return (
    <FormDialog
      width="wide"
      title={stored === null ? "Add a dealer login" : `${stored.dealer_code} ${stored.name}`}
      between={
        <TestLoginButton
          test={login.test}
          isDirty={isDirty}
          disabled={isBusy || !form.isActive}
          onPress={login.saveAndTest}
        />
      }
      closeLabel={isDirty ? "Cancel" : "Close"}
      isSaving={login.isSaving}
      canSave={!isBusy && isDirty}
      onSave={login.save}
      onClose={onClose}
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
      <SaveProblem error={login.error} fields={FIELDS} />
      <LoginTestNote test={login.test} />
    </FormDialog>
  );
}
