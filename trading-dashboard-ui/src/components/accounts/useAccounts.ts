import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { type Account, type Dealer, type Egress, readAccounts, readDealers, readEgresses } from "@/services/accounts";
import { portfolioStore } from "@/store/portfolioStore";

const KEY = "accounts"; // everything an administrator keeps: read anew together

export function useAccountList(): UseQueryResult<Account[]> {
  return useQuery({ queryKey: [KEY, "clients"], queryFn: ({ signal }) => readAccounts(signal) });
}

export function useDealers(): UseQueryResult<Dealer[]> {
  return useQuery({ queryKey: [KEY, "dealers"], queryFn: ({ signal }) => readDealers(signal) });
}

export function useEgresses(): UseQueryResult<Egress[]> {
  return useQuery({ queryKey: [KEY, "egresses"], queryFn: ({ signal }) => readEgresses(signal) });
}

/** After a change, or one whose outcome is not known: every list that shows accounts is read anew. */
export function useAccountNews(): () => void {
  const queries = useQueryClient();
  return useCallback(() => {
    void queries.invalidateQueries({ queryKey: [KEY] });
    void queries.invalidateQueries({ queryKey: ["sessions"] });
    void portfolioStore.getState().fetchClients();
  }, [queries]);
}
