import { useCallback } from "react";
import { usePortfolio } from "@/store/portfolioStore";

/** A client's code by its id, empty where it is not known here. */
export function useClientCodes(): (clientId: string) => string {
  const clients = usePortfolio((store) => store.clients);
  const indexOf = usePortfolio((store) => store.indexOf);
  return useCallback((clientId) => clients[indexOf.get(clientId) ?? -1]?.mofsl_client_code ?? "", [clients, indexOf]);
}
