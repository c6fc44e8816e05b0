import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Field, TextInput, toast } from "@/components/ui";
import { LIMIT_FIELDS, type LimitForm, limitForm, readLimitForm } from "@/rules/limitForms";
import { ApiError } from "@/services/apiError";
import { type Limits, putLimits, type Subject } from "@/services/limits";
import { FormDialog } from "./FormDialog";
import { problemsOf, SaveProblem } from "./SaveProblem";

interface LimitsDialogProps {
  subject: Subject;
  name: string;
  /** Null where nothing is limited yet. */
  kept: Limits | null;
  onClose: () => void;
}

/** All limits of one subject at once; the desk asks for a code where none was given lately. */
export default function LimitsDialog({ subject, name, kept, onClose }: LimitsDialogProps) {
  const [form, setForm] = useState<LimitForm>(() => limitForm(kept));
  const [code, setCode] = useState("");
  const [wantsCode, setWantsCode] = useState(false);
  const queries = useQueryClient();
  const fields = LIMIT_FIELDS.filter((field) => subject.scope !== "client" || !field.ofBatch);
  const read = readLimitForm(form);
  const save = useMutation({
    mutationFn: async () => {
      if (!read.ok) throw new Error("only a form that can be read is stored");
      const given = code.replace(/\s/g, "");
      return putLimits(subject, { ...read.change, ...(given === "" ? {} : { totp_code: given }) });
    },
    onSuccess: () => {
      toast({ id: "limits", tone: "good", title: `The limits of ${name} are stored.` });
      onClose();
    },
    onError: (error) => {
      setCode("");
      if (error instanceof ApiError && error.code === "step_up_needed") setWantsCode(true);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["limits"] }),
  });
  const asksForCode = save.error instanceof ApiError && save.error.code === "step_up_needed";
  const refusedOf = problemsOf(save.error);
  const isReady = read.ok && (!wantsCode || /^\s*(\d\s*){6}$/.test(code));

  return (
    <FormDialog
      title={`Limits of ${name}`}
      description="Empty is no limit. A change counts from the next press on; what was sent stays."
      isSaving={save.isPending}
      canSave={!save.isPending && isReady}
      onSave={() => save.mutate()}
      onClose={onClose}
    >
      {fields.map((field) => (
        <Field
          key={field.name}
          label={field.label}
          error={(read.ok ? undefined : read.problems[field.name]) ?? refusedOf(field.name)}
        >
          <TextInput
            value={form[field.name]}
            onValueChange={(text) => setForm((before) => ({ ...before, [field.name]: text }))}
            inputMode={field.kind === "count" ? "numeric" : "decimal"}
            placeholder="no limit"
            maxLength={30}
          />
        </Field>
      ))}
      {wantsCode ? (
        <Field
          label="6-digit code"
          hint="From your authenticator app: the last one was given too long ago. A code that was used is refused."
        >
          <TextInput
            value={code}
            onValueChange={setCode}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={12}
            autoFocus
          />
        </Field>
      ) : null}
      {asksForCode ? (
        <p role="status" className="text-sm">
          Nothing was stored yet: the desk asks for a fresh code.
        </p>
      ) : (
        <SaveProblem error={save.error} fields={fields.map((field) => field.name)} />
      )}
    </FormDialog>
  );
}
