import { useQuery } from "@tanstack/react-query";
import { readQuote } from "@/services/tokens";

const LOOK_AGAIN_MS = 2_000;

/** The price of an instrument with its time, read again while it is on the screen. Never an old instrument's price. */
export function useQuote(instrumentId: string | null) {
  return useQuery({
    queryKey: ["quote", instrumentId],
    queryFn: ({ signal }) => readQuote(instrumentId ?? "", signal),
    enabled: instrumentId !== null,
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: () => undefined, // never those of the instrument before
    retry: false,
  });
}
