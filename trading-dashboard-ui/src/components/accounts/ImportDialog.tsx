import { useMutation } from "@tanstack/react-query";
import { FileDown } from "lucide-react";
import { useState } from "react";
import { Button, Dialog, ErrorNote, Field, TextInput } from "@/components/ui";
import { counted, formatQuantity } from "@/format";
import { refusedRows, wrongOf } from "@/rules/importVerdict";
import { ApiError, isOutcomeUnknown } from "@/services/apiError";
import { importClients } from "@/services/clientImport";
import { csvOf, download } from "@/services/textFile";
import { useAccountNews } from "./useAccounts";
import { WrongRows } from "./WrongRows";

const COLUMNS = [
  "name",
  "mofsl_client_code",
  "api_key",
  "api_secret",
  "password",
  "two_fa",
  "totp_secret",
  "dealer_code",
  "egress",
  "groups",
  "is_active",
];

interface Chosen {
  name: string;
  /** In memory: what was tried is what is added, whatever happens to the file. */
  content: Blob;
}

/** Many clients from one file: every row is judged first, then all of them are added or none. */
export default function ImportDialog({ onClose }: { onClose: () => void }) {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const tellNews = useAccountNews();
  const trial = useMutation({ mutationFn: (file: Chosen) => importClients(file.content, true) });
  const add = useMutation({
    mutationFn: (file: Chosen) => importClients(file.content, false),
    onSettled: tellNews,
  });
  const choose = async (file: File | undefined) => {
    trial.reset();
    add.reset();
    setChosen(null);
    if (file === undefined) return;
    const next = { name: file.name, content: new Blob([await file.arrayBuffer()]) };
    setChosen(next);
    trial.mutate(next);
  };
  const isBusy = trial.isPending || add.isPending;
  const isGood = trial.data?.ok === true && !add.isError;
  const total = trial.data?.total ?? 0;

  return (
    <Dialog
      open
      onClose={onClose}
      width="wide"
      title="Import clients"
      description="A CSV or XLSX file of at most 5,000 rows and 2 MiB. All of its rows are added, or none."
      actions={
        add.data ? (
          <Button onClick={onClose}>Close</Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              tone="primary"
              disabled={chosen === null || !isGood || isBusy}
              focusableWhenDisabled
              onClick={() => chosen && add.mutate(chosen)}
            >
              {add.isPending ? "Adding…" : isGood ? `Add ${counted(total, "client")}` : "Add the clients"}
            </Button>
          </>
        )
      }
    >
      <div className="flex flex-col gap-3">
        {add.data ? null : (
          <>
            <Field label="File" hint="It is tried at once; nothing is added by that.">
              <TextInput
                type="file"
                accept=".csv,.xlsx"
                disabled={isBusy}
                onChange={(event) => {
                  const [file] = (event.target as HTMLInputElement).files ?? [];
                  void choose(file);
                }}
                className="py-1 text-sm"
              />
            </Field>
            <p className="text-sm">
              <Button size="small" onClick={() => void saveEmptyFile()}>
                <FileDown aria-hidden size={14} /> Empty file with the columns
              </Button>
            </p>
          </>
        )}
        {trial.isPending ? <p role="status">Trying every row…</p> : null}
        {trial.error ? <ErrorNote title="The file could not be read" error={trial.error} /> : null}
        {trial.data && !add.data ? (
          <p role="status" className="text-sm">
            <strong>
              {formatQuantity(total - wrongOf(trial.data.rows).length)} of {counted(total, "row is", "rows are")} good.
            </strong>{" "}
            {trial.data.ok
              ? "Nothing is added yet."
              : "Nothing can be added: mend the rows below in the file, and choose it again."}
          </p>
        ) : null}
        {trial.data && !trial.data.ok ? <WrongRows rows={wrongOf(trial.data.rows)} /> : null}
        <Refusal error={add.error} />
        {add.data ? (
          <p role="status" className="text-sm">
            ✓ <strong>{counted(add.data.imported, "client was", "clients were")} added</strong> from {chosen?.name}. The
            desk logs them in at the broker by itself; the file holds their secrets, so remove it from this machine.
          </p>
        ) : null}
      </div>
    </Dialog>
  );
}

function Refusal({ error }: { error: unknown }) {
  if (error === null) return null;
  if (isOutcomeUnknown(error)) {
    return (
      <ErrorNote
        title="Not known whether the clients were added; the list is read anew and tells. Trying again adds nobody twice"
        error={error}
      />
    );
  }
  const rows = error instanceof ApiError ? refusedRows(error) : [];
  return (
    <>
      <ErrorNote title="Nothing was added" error={error} />
      {rows.length > 0 ? <WrongRows rows={rows} /> : null}
    </>
  );
}

async function saveEmptyFile(): Promise<void> {
  download("clients.csv", await csvOf({ columns: COLUMNS, rows: [] }));
}
