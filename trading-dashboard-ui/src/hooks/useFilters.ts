import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";

/**
 * Filters that live in the address, so that a reload, a link and the back button keep them. `defaults` names them all;
 * what equals its default is left out of the address.
 */
export function useFilters<T extends Record<string, string>>(
  defaults: T,
): [filters: T, change: (changes: Partial<T>) => void] {
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(
    () => Object.fromEntries(Object.entries(defaults).map(([name, usual]) => [name, search.get(name) ?? usual])) as T,
    [defaults, search],
  );
  const change = useCallback(
    (changes: Partial<T>) => {
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value === undefined || value === defaults[name]) after.delete(name);
            else after.set(name, value);
          }
          return after;
        },
        { replace: true },
      );
    },
    [defaults, setSearch],
  );
  return [filters, change];
}
