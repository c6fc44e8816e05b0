import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Exchange, type Instrument, searchTokens } from "@/services/tokens";

const PAUSE_MS = 150;

export interface SymbolSearch {
  items: readonly Instrument[];
  isSearching: boolean;
  error: unknown;
}

/**
 * Instruments for what is typed, on one exchange or (null) on all, best first, an exact symbol before everything. A slower, earlier answer never stands
 * for a later text: its call is given up, and meanwhile only those of its lines are offered that fit what is typed now.
 */
export function useSymbolSearch(text: string, on: Exchange | null): SymbolSearch {
  const wanted = text.trim().toUpperCase();
  const [asked, setAsked] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(wanted), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  const found = useQuery({
    queryKey: ["symbols", on, asked],
    queryFn: ({ signal }) => searchTokens(asked, on, signal),
    enabled: asked !== "",
    staleTime: 60_000,
  });
  if (wanted === "") return { items: [], isSearching: false, error: null };
  const isCurrent = asked === wanted && !found.isPlaceholderData && found.data !== undefined;
  const items = (found.data ?? []).filter(
    (one) => (on === null || one.exchange === on) && (isCurrent || one.symbol.startsWith(wanted)),
  );
  return { items: exactFirst(items, wanted), isSearching: !isCurrent && !found.isError, error: found.error };
}

function exactFirst(items: readonly Instrument[], wanted: string): readonly Instrument[] {
  const exact = items.filter((one) => one.symbol.toUpperCase() === wanted);
  return exact.length === 0 ? items : [...exact, ...items.filter((one) => !exact.includes(one))];
}
