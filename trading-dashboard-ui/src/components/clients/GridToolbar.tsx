import { Toggle } from "@base-ui/react/toggle";
import { Columns3, Download, Pause, Play } from "lucide-react";
import { Age, Button, INPUT, Menu, MenuItem } from "@/components/ui";
import { formatQuantity } from "@/format";
import { useShortcuts } from "@/hooks/useShortcuts";
import { groupsOf } from "@/rules/rowFilters";
import { usePortfolio } from "@/store/portfolioStore";
import { useKeptColumns, useTableLook } from "@/store/tableStore";
import { COLUMNS } from "./columns";
import type { RowOrder } from "./useRowOrder";

const MOST_CHIPS = 8;
const CHIP =
  "min-h-7 rounded-full border border-line-strong bg-surface px-2.5 text-xs hover:bg-sunken data-pressed:border-accent " +
  "data-pressed:bg-accent data-pressed:font-medium data-pressed:text-on-accent";

interface GridToolbarProps {
  order: RowOrder;
  onExport: () => void;
}

/** What is shown, in which order: search, groups, two questions, columns. */
export function GridToolbar({ order, onExport }: GridToolbarProps) {
  const { filters, filter, paused, togglePause } = useTableLook();
  const clients = usePortfolio((store) => store.clients);
  const { hidden, toggle } = useKeptColumns();
  const groups = groupsOf(clients);
  const chips = groups.filter(({ group }, index) => index < MOST_CHIPS || filters.groups.includes(group));
  useShortcuts({ F9: togglePause });

  const flip = (group: string) =>
    filter({
      groups: filters.groups.includes(group)
        ? filters.groups.filter((one) => one !== group)
        : [...filters.groups, group],
    });

  return (
    <div className="flex flex-wrap items-center gap-1.5 border-b px-3 py-1.5">
      <input
        data-search
        type="search"
        aria-label="Search clients by code or name"
        placeholder="Code or name"
        value={filters.words}
        onChange={(event) => filter({ words: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") filter({ words: "" });
        }}
        className={`${INPUT} w-44!`}
      />
      {chips.map(({ group, clients: count }) => (
        <Toggle
          key={group}
          className={CHIP}
          pressed={filters.groups.includes(group)}
          onPressedChange={() => flip(group)}
        >
          {group} {formatQuantity(count)}
        </Toggle>
      ))}
      {groups.length > chips.length ? (
        <Menu trigger={<Button size="small">{groups.length - chips.length} more groups</Button>}>
          {groups.slice(MOST_CHIPS).map(({ group, clients: count }) => (
            <MenuItem key={group} onSelect={() => flip(group)}>
              {group} {formatQuantity(count)}
            </MenuItem>
          ))}
        </Menu>
      ) : null}
      <Toggle
        className={CHIP}
        pressed={filters.onlyWithQuantity}
        onPressedChange={(onlyWithQuantity) => filter({ onlyWithQuantity })}
      >
        Only with quantity
      </Toggle>
      <Toggle className={CHIP} pressed={filters.onlyFailing} onPressedChange={(onlyFailing) => filter({ onlyFailing })}>
        Only failing check
      </Toggle>
      <span className="grow" />
      <SortState order={order} />
      <Button size="small" tone="ghost" onClick={togglePause} aria-pressed={paused !== null} aria-keyshortcuts="F9">
        {paused === null ? <Pause aria-hidden size={14} /> : <Play aria-hidden size={14} />}
        {paused === null ? (
          "Pause P&L"
        ) : (
          <span className="text-warning">
            Paused <Age at={paused.at} /> ago
          </span>
        )}
      </Button>
      <Menu
        trigger={
          <Button size="small" tone="ghost">
            <Columns3 aria-hidden size={14} />
            Columns
          </Button>
        }
      >
        {COLUMNS.filter((column) => !column.needed).map((column) => (
          <MenuItem key={column.id} onSelect={() => toggle(column.id)}>
            <span aria-hidden className="w-3">
              {hidden.includes(column.id) ? "" : "✓"}
            </span>
            {hidden.includes(column.id) ? `Show ${column.header}` : `Hide ${column.header}`}
          </MenuItem>
        ))}
      </Menu>
      <Button size="small" tone="ghost" onClick={onExport}>
        <Download aria-hidden size={14} />
        CSV
      </Button>
    </div>
  );
}

function SortState({ order }: { order: RowOrder }) {
  const [sorted] = order.sorting;
  const name = COLUMNS.find((column) => column.id === sorted?.id)?.header;
  if (!order.isFrozen || (sorted === undefined && !order.isOutdated)) return null;
  return (
    <span className="flex items-center gap-1 text-xs text-ink-soft" role="status">
      {name === undefined ? null : <>❄ Sorted by {name}, frozen while you enter</>}
      {order.isOutdated ? <strong className="text-warning"> Clients came or went.</strong> : null}
      <Button size="small" onClick={order.sortNow}>
        {order.isOutdated ? "Show them" : "Sort again"}
      </Button>
    </span>
  );
}
