import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button, ErrorNote, Field, Select, TextInput } from "@/components/ui";
import { type Decision, type Order, resolveOrder } from "@/services/orders";

const DECISIONS: readonly { value: Decision; label: string; hint: string }[] = [
  { value: "keep", label: "Keep checking", hint: "nothing is decided" },
  { value: "placed", label: "It was placed", hint: "it counts as at the broker" },
  { value: "not_placed", label: "It was not placed", hint: "allows a retry; the old one keeps counting in limits" },
];
const SHORTEST_REASON = 3;

/** A person's decision on an order whose fate is not known, on record with the reason. The books still settle it. */
export function ResolveForm({ order, onClose }: { order: Order; onClose: () => void }) {
  const queries = useQueryClient();
  const [decision, setDecision] = useState<Decision>("keep");
  const [reason, setReason] = useState("");
  const decide = useMutation({
    mutationFn: () => resolveOrder(order.id, decision, reason.trim()),
    onSuccess: onClose,
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["orders"] });
      void queries.invalidateQueries({ queryKey: ["batches"] });
    },
  });
  return (
    <section aria-label="Decide" className="flex flex-col gap-2 rounded border border-unknown bg-sunken p-3">
      <p className="text-sm">
        Look at the broker's own screen first. This decision is no evidence: the broker's books still settle the order.
      </p>
      <div className="flex flex-wrap items-start gap-3">
        <Select label="Decision" value={decision} options={DECISIONS} onChange={setDecision} className="w-56" />
        <Field label="Reason" hint="Kept in the audit trail" className="grow">
          <TextInput value={reason} onValueChange={setReason} maxLength={300} />
        </Field>
      </div>
      {decide.error ? <ErrorNote title="The decision was not recorded" error={decide.error} /> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Not now</Button>
        <Button
          tone="primary"
          disabled={reason.trim().length < SHORTEST_REASON || decide.isPending}
          focusableWhenDisabled
          onClick={() => decide.mutate()}
        >
          Record the decision
        </Button>
      </div>
    </section>
  );
}
