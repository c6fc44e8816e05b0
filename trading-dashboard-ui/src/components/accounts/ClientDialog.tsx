import { useState } from "react";
import { Button, Field, Select, Switch, TextInput } from "@/components/ui";
import { type ClientForm, clientChange, clientForm, leadsToLogin, NONE, newClient } from "@/rules/accountForms";
import { isAnyTyped, SECRET_NAMES } from "@/rules/secrets";
import { type Account, addClient, changeClient, type Dealer, type Egress } from "@/services/accounts";
import { DeactivateDialog } from "./DeactivateDialog";
import { FormDialog } from "./FormDialog";
import { LoginTestNote } from "./LoginTestNote";
import { problemsOf, SaveProblem } from "./SaveProblem";
import { SecretFields } from "./SecretFields";
import { TestLoginButton } from "./TestLoginButton";
import { type LoginFormKind, useLoginForm } from "./useLoginForm";

const FIELDS = ["name", "mofsl_client_code", "groups", ...SECRET_NAMES];

const CLIENT: LoginFormKind<Account, ClientForm, ReturnType<typeof clientChange>> = {
  formOf: clientForm,
  changeOf: clientChange,
  add: (form) => addClient(newClient(form)),
  change: changeClient,
  wantedLogin: (form, stored) => (form.dealerId === NONE ? stored?.id : form.dealerId),
  loginOf: (client) => client.dealer_id ?? client.id,
  isTriedAnyway: (form, change) => (change === null ? form.dealerId === NONE : leadsToLogin(change, form.dealerId)),
  codeOf: (client) => client.mofsl_client_code,
};

interface ClientDialogProps {
  /** Null for a new one. */
  client: Account | null;
  dealers: readonly Dealer[];
  egresses: readonly Egress[];
  onClose: () => void;
}

/** One client: what it is called, how it logs in, and what the broker says to that. */
export default function ClientDialog({ client, dealers, egresses, onClose }: ClientDialogProps) {
  const [isStopping, setIsStopping] = useState(false);
  const login = useLoginForm(CLIENT, client, onClose);
  const { stored, form, set, isDirty, isBusy } = login;
  const problemOf = problemsOf(login.error);

  return (
    <FormDialog
      width="wide"
      title={stored === null ? "Add a client" : `${stored.mofsl_client_code} ${stored.name}`}
      description={stored === null ? undefined : stored.is_active ? "Active" : "Not active: nothing is traded for it"}
      before={
        stored?.is_active ? (
          <Button className="mr-auto" onClick={() => setIsStopping(true)}>
            Deactivate…
          </Button>
        ) : null
      }
      between={
        <TestLoginButton
          test={login.test}
          isDirty={isDirty}
          disabled={isBusy || !form.isActive}
          onPress={login.saveAndTest}
        />
      }
      closeLabel={stored === null || isDirty ? "Cancel" : "Close"}
      isSaving={login.isSaving}
      canSave={!isBusy && isDirty}
      over={
        isStopping && stored !== null ? (
          <DeactivateDialog client={stored} onKeep={() => setIsStopping(false)} onDone={onClose} />
        ) : null
      }
      onSave={login.save}
      onClose={onClose}
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
      <SaveProblem error={login.error} fields={FIELDS} />
      <LoginTestNote test={login.test} />
    </FormDialog>
  );
}
