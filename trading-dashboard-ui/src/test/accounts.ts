/** Accounts for tests, with only what the test is about given. */
import type { Account } from "@/services/accounts";

export function sampleAccount(given: Partial<Account> = {}): Account {
  return {
    id: "c1",
    name: "A. Kulkarni",
    mofsl_client_code: "MO10001",
    dealer_id: null,
    egress_id: null,
    groups: [],
    is_active: true,
    has_credentials: true,
    updated_at: "2026-11-23T04:30:00Z",
    ...given,
  };
}
