import { Button, ORDER_STATUS, StatusBadge } from "@/components/ui";
import { formatQuantity } from "@/format";
import type { ReasonGroup } from "@/rules/reasonGroups";

interface ReasonGroupsProps {
  groups: readonly ReasonGroup[];
  chosen: string | null;
  onChoose: (key: string | null) => void;
  /** Leave it out where nobody may trade. */
  onRetry?: ((group: ReasonGroup) => void) | undefined;
}

/** Why orders failed, largest first, in the broker's words; a group can be looked at alone and tried again. */
export function ReasonGroups({ groups, chosen, onChoose, onRetry }: ReasonGroupsProps) {
  return (
    <ul aria-label="Reasons" className="max-h-52 divide-y overflow-auto">
      {groups.map((group) => (
        <li key={group.key} className="flex flex-wrap items-center gap-2 px-3 py-1.5 text-sm">
          <strong className="w-8 shrink-0 text-right tabular-nums">{formatQuantity(group.rows.length)}</strong>
          <StatusBadge look={ORDER_STATUS[group.status]} className="shrink-0" />
          <span className="min-w-0 grow basis-72 wrap-anywhere">
            {group.message}
            {group.otherWordings > 0 ? (
              <span className="text-ink-soft"> (and {formatQuantity(group.otherWordings)} other wordings)</span>
            ) : null}
          </span>
          {group.code ? <code className="shrink-0 text-xs text-ink-soft">{group.code}</code> : null}
          <Button
            size="small"
            aria-pressed={chosen === group.key}
            onClick={() => onChoose(chosen === group.key ? null : group.key)}
          >
            {chosen === group.key ? "Show all" : "Show these"}
          </Button>
          {onRetry && group.retriable.length > 0 ? (
            <Button size="small" onClick={() => onRetry(group)}>
              Retry {formatQuantity(group.retriable.length)}…
            </Button>
          ) : null}
          {group.status === "unknown" ? (
            <span className="shrink-0 text-xs text-ink-soft">cannot be retried: it may be at the broker</span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
