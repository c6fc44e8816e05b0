import { Autocomplete } from "@base-ui/react/autocomplete";
import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { PAGES, type RailPage } from "@/app/pageTable";
import { searchTokens } from "@/services/tokens";
import { usePortfolio } from "@/store/portfolioStore";
import { usePreferences } from "@/store/preferencesStore";

interface CommandPaletteProps {
  screens: readonly RailPage[];
  onClose: () => void;
  onSheet: () => void;
}

interface Command {
  id: string;
  label: string;
  kind: "Screen" | "Client" | "Symbol" | "Action";
  run: () => void;
}

const MOST_CLIENTS = 8;
const SHORTEST_SEARCH = 2;

/** Goes to screens, clients and symbols, and does what is safe. No order is sent from here. */
export default function CommandPalette({ screens, onClose, onSheet }: CommandPaletteProps) {
  const [, go] = useLocation();
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const clients = usePortfolio((store) => store.clients);
  const { theme, set } = usePreferences();
  const hasSymbols = PAGES.some((page) => page.pattern === "/" || page.pattern.startsWith("/exit"));
  const hasClient = PAGES.some((page) => page.pattern === "/clients/:id");
  const symbols = useQuery({
    queryKey: ["tokens", "search", wanted, null],
    queryFn: ({ signal }) => searchTokens(wanted, null, signal),
    enabled: hasSymbols && wanted.length >= SHORTEST_SEARCH,
    staleTime: 60_000,
  });

  const commands = useMemo<Command[]>(() => {
    const goTo = (href: string) => () => {
      onClose();
      go(href);
    };
    const symbolHref = (id: string) => (PAGES.some((page) => page.pattern === "/") ? `/?token=${id}` : `/exit/${id}`);
    const acts: Command[] = [
      ...screens.map((page) => ({
        id: page.rail.href,
        label: page.name,
        kind: "Screen" as const,
        run: goTo(page.rail.href),
      })),
      {
        id: "theme",
        label: theme === "dark" ? "Use the light theme" : "Use the dark theme",
        kind: "Action",
        run: () => {
          set({ theme: theme === "dark" ? "light" : "dark" });
          onClose();
        },
      },
      { id: "keys", label: "Show all keys", kind: "Action", run: onSheet },
    ];
    const matching = acts.filter((one) => one.label.toLowerCase().includes(wanted));
    if (wanted.length < SHORTEST_SEARCH) return matching;
    const people = hasClient
      ? clients
          .filter((one) => `${one.mofsl_client_code} ${one.name}`.toLowerCase().includes(wanted))
          .slice(0, MOST_CLIENTS)
          .map((one) => ({
            id: `client-${one.id}`,
            label: `${one.mofsl_client_code} ${one.name}`,
            kind: "Client" as const,
            run: goTo(`/clients/${one.id}`),
          }))
      : [];
    const found = (symbols.data ?? []).map((one) => ({
      id: one.id,
      label: `${one.name} · ${one.exchange}`,
      kind: "Symbol" as const,
      run: goTo(symbolHref(one.id)),
    }));
    return [...matching, ...people, ...found];
  }, [wanted, clients, symbols.data, screens, theme, set, go, onClose, onSheet, hasClient]);

  return (
    <Dialog.Root open onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-backdrop" />
        <Dialog.Popup
          aria-label="Go to"
          className="fixed top-20 left-1/2 flex max-h-[70dvh] w-[36rem] max-w-[calc(100vw-2rem)] -translate-x-1/2 flex-col rounded-lg border border-line-strong bg-raised shadow-xl"
        >
          <Autocomplete.Root
            open
            inline
            items={commands}
            filter={null}
            value={text}
            onValueChange={setText}
            itemToStringValue={(command: Command) => command.label}
            autoHighlight="always"
            keepHighlight
          >
            <Autocomplete.Input
              aria-label="Screen, client or symbol"
              placeholder="Screen, client or symbol…"
              spellCheck={false}
              className="h-11 rounded-t-lg border-b bg-transparent px-4 text-base outline-none"
            />
            <Autocomplete.Status className="px-4 text-sm text-ink-soft not-empty:py-2">
              {commands.length === 0 ? (symbols.isFetching ? "Searching…" : "Nothing is called that.") : null}
            </Autocomplete.Status>
            <Autocomplete.List className="min-h-0 overflow-auto p-1">
              {(command: Command) => (
                <Autocomplete.Item
                  key={command.id}
                  value={command}
                  onClick={command.run}
                  className="flex min-h-8 cursor-default items-center justify-between gap-3 rounded px-3 select-none data-highlighted:bg-accent data-highlighted:text-on-accent data-highlighted:[&_.text-ink-soft]:text-on-accent"
                >
                  <span className="truncate">{command.label}</span>
                  <span className="text-xs text-ink-soft">{command.kind}</span>
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
          <Dialog.Close className="sr-only">Close</Dialog.Close>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
