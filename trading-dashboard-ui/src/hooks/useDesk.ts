import { useQuery } from "@tanstack/react-query";
import { readDesk, readLoginCounts } from "@/services/desk";

const LOOK_AGAIN_MS = 15_000; // the live connection tells sooner; this is for when it does not

/** The desk's state: may it send, what stands behind it, is the market open. */
export function useDesk() {
  return useQuery({ queryKey: ["desk"], queryFn: ({ signal }) => readDesk(signal), refetchInterval: LOOK_AGAIN_MS });
}

/** How many clients can trade now. */
export function useLoginCounts() {
  return useQuery({
    queryKey: ["sessions", "counts"],
    queryFn: ({ signal }) => readLoginCounts(signal),
    refetchInterval: LOOK_AGAIN_MS,
  });
}
