import { ErrorNote } from "@/components/ui";
import { ApiError, isOutcomeUnknown } from "@/services/apiError";

/** Why something was not stored; what belongs to a field stands there instead. */
export function SaveProblem({ error, fields }: { error: unknown; fields: readonly string[] }) {
  if (error === null || error === undefined) return null;
  if (isOutcomeUnknown(error)) {
    return <ErrorNote title="Not known whether it was stored; the list is read anew and tells" error={error} />;
  }
  const isShownAtFields =
    error instanceof ApiError && error.fields.length > 0 && error.fields.every(({ field }) => fields.includes(field));
  if (isShownAtFields) {
    return (
      <p role="alert" className="text-sm font-medium text-bad">
        Nothing was stored: mend the fields that are marked.
      </p>
    );
  }
  return <ErrorNote title="Nothing was stored" error={error} />;
}

/** The sentence for a field, from whatever the server refused. */
export function problemsOf(error: unknown): (field: string) => string | undefined {
  return (field) => (error instanceof ApiError ? error.problemOf(field) : undefined);
}
