/** Server state: read through TanStack Query, in one client. */
import { keepPreviousData, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./apiError";

const READ_TRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: true,
      placeholderData: keepPreviousData,
      retry: (failures, error) => failures < READ_TRIES && error instanceof ApiError && error.kind === "no_answer",
      retryDelay: (failures) => 500 * 2 ** failures,
    },
    // A change is never repeated by a library: what became of it must be asked first.
    mutations: { retry: false },
  },
});
