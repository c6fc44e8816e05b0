import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { LoginTable } from "@/components/LoginTable";
import { Page } from "@/components/shell/Page";
import {
  Button,
  EmptyState,
  ErrorNote,
  Field,
  FilterChips,
  LOGIN_STATE,
  Loading,
  Panel,
  TextInput,
  toast,
} from "@/components/ui";
import { counted, formatQuantity } from "@/format";
import { useFilters } from "@/hooks/useFilters";
import { sentenceOf } from "@/services/apiError";
import { type LoginStateName, logInAll, readLogins } from "@/services/logins";
import { useMay } from "@/store/sessionStore";

const STATES = Object.keys(LOGIN_STATE) as LoginStateName[];
const DEFAULTS = { state: "all", q: "" };
const LOOK_AGAIN_MS = 10_000;

/** Who can trade now, and why not. */
export default function Sessions() {
  const [filters, change] = useFilters(DEFAULTS);
  const state = STATES.find((one) => one === filters.state) ?? null;
  const mayLogIn = useMay("trade");
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["sessions", "board", state],
    queryFn: ({ signal }) => readLogins(state, signal),
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: keepPreviousData,
  });
  const all = useMutation({
    mutationFn: logInAll,
    onSuccess: ({ requested, held_back }) => {
      const held = held_back > 0 ? ` ${formatQuantity(held_back)} were refused lately and are held back.` : "";
      toast({ id: "login-all", tone: "good", title: `${counted(requested, "login")} asked for.${held}` });
      void queries.invalidateQueries({ queryKey: ["sessions"] });
    },
    onError: (error) =>
      toast({ id: "login-all", tone: "bad", title: "No login was asked for", description: sentenceOf(error) }),
  });
  const wanted = filters.q.trim().toLowerCase();
  const rows = useMemo(
    () => found.data?.items.filter((row) => `${row.user_id} ${row.name}`.toLowerCase().includes(wanted)) ?? [],
    [found.data, wanted],
  );
  const counts = found.data;

  return (
    <Page
      title="Broker sessions"
      actions={
        mayLogIn ? (
          <Button onClick={() => all.mutate()} disabled={all.isPending}>
            Log in all that are not ready
          </Button>
        ) : null
      }
    >
      {counts ? (
        <p className="text-sm">
          <strong>
            {formatQuantity(counts.clients_ready)} of {formatQuantity(counts.clients)}
          </strong>{" "}
          clients can trade now, over {formatQuantity(counts.logins_ready)} of {formatQuantity(counts.logins)} broker
          logins.
        </p>
      ) : null}
      <Panel
        title="Logins"
        className="min-h-0 grow"
        actions={
          <>
            <FilterChips
              label="State"
              value={state ?? "all"}
              onChange={(next) => change({ state: next })}
              chips={[
                { value: "all", label: "All" },
                ...STATES.map((one) => ({ value: one, label: LOGIN_STATE[one].label })),
              ]}
            />
            <Field label="Search logins" hideLabel>
              <TextInput
                type="search"
                data-search
                placeholder="Code or name  /"
                value={filters.q}
                onValueChange={(q) => change({ q })}
                className="w-44"
              />
            </Field>
          </>
        }
      >
        {found.isError ? (
          <div className="p-3">
            <ErrorNote
              title="The sessions could not be read"
              error={found.error}
              onRetry={() => void found.refetch()}
            />
          </div>
        ) : null}
        {found.isPending ? <Loading what="the sessions" /> : null}
        {counts?.logins === 0 ? (
          <EmptyState title="There is no broker login yet.">
            Each client, or dealer login, that an administrator adds under Clients is one.
          </EmptyState>
        ) : counts && rows.length === 0 ? (
          <EmptyState title="No login is like that.">Change the state or the search above.</EmptyState>
        ) : null}
        {rows.length > 0 ? <LoginTable rows={rows} mayLogIn={mayLogIn} /> : null}
      </Panel>
    </Page>
  );
}
