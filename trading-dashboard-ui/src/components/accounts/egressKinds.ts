import type { Egress } from "@/services/accounts";

export const EGRESS_KINDS: readonly { value: Egress["kind"]; label: string }[] = [
  { value: "direct", label: "as this machine does" },
  { value: "local_address", label: "from a local address" },
  { value: "proxy", label: "through a proxy" },
];
