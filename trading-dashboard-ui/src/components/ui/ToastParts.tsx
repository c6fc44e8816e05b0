import { Toast as Base } from "@base-ui/react/toast";
import clsx from "clsx";
import { X } from "lucide-react";

import { formatQuantity } from "@/format";
import type { Said, ToastTone } from "./Toast";

const manager = Base.createToastManager<{ tone: ToastTone }>();
/** Zero stays until somebody dismisses it: a failure. What a warning says stands on the screen itself, too. */
const SHOWN_MS: Record<ToastTone, number> = { good: 6_000, neutral: 6_000, warning: 20_000, bad: 0 };
const MOST_SHOWN = 1; // a toast lies over the table's last rows: never over more than one toast's height
const EDGES: Record<ToastTone, string> = {
  good: "border-l-good",
  warning: "border-l-warning",
  bad: "border-l-bad",
  neutral: "border-l-neutral",
};

export function show(said: Said): void {
  const tone = said.tone ?? "neutral";
  const facts = {
    title: said.title,
    description: said.description ?? "",
    timeout: SHOWN_MS[tone],
    priority: tone === "bad" ? ("high" as const) : ("low" as const),
    data: { tone },
  };
  if (said.id !== undefined) manager.close(said.id);
  manager.add(said.id === undefined ? facts : { ...facts, id: said.id });
}

export default function Toasts() {
  return (
    <Base.Provider toastManager={manager} limit={MOST_SHOWN}>
      <Base.Portal>
        <Base.Viewport className="fixed right-4 bottom-12 flex w-88 max-w-[calc(100vw-2rem)] flex-col gap-2">
          <Shown />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function Shown() {
  const { toasts } = Base.useToastManager<{ tone: ToastTone }>();
  const behind = toasts.filter((one) => one.limited && one.transitionStatus !== "ending").length;
  return toasts.map((one) => (
    <Base.Root
      key={one.id}
      toast={one}
      swipeDirection={[]}
      className={clsx(
        "rounded-md border border-line-strong border-l-4 bg-raised text-ink shadow-lg data-limited:hidden",
        EDGES[one.data?.tone ?? "neutral"],
      )}
    >
      <Base.Content className="flex items-start gap-2 px-3 py-2">
        <div className="min-w-0 grow">
          <Base.Title className="font-semibold" />
          <Base.Description className="text-sm text-ink-soft empty:hidden" />
          {behind > 0 ? <p className="text-xs text-ink-soft">{formatQuantity(behind)} more behind this one</p> : null}
        </div>
        <Base.Close
          aria-label="Dismiss"
          className="grid size-6 shrink-0 place-items-center rounded hover:bg-neutral-soft"
        >
          <X aria-hidden size={14} />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ));
}
