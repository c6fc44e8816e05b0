import { AlertDialog as BaseAlert } from "@base-ui/react/alert-dialog";
import { Dialog as Base } from "@base-ui/react/dialog";
import clsx from "clsx";
import { X } from "lucide-react";
import type { ReactNode, RefObject } from "react";

const BACKDROP = "fixed inset-0 bg-backdrop";
const POPUP =
  "fixed top-1/2 left-1/2 flex max-h-[calc(100dvh-2rem)] max-w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 " +
  "flex-col rounded-lg border border-line-strong bg-raised text-ink shadow-xl";
const WIDTHS = { narrow: "w-96", medium: "w-[36rem]", wide: "w-[60rem]" } as const;

interface Common {
  open: boolean;
  title: ReactNode;
  /** Read out with the title. */
  description?: ReactNode;
  children?: ReactNode;
  /** Buttons, the safe one first. */
  actions?: ReactNode;
  width?: keyof typeof WIDTHS;
  /** Where the focus goes first; the safe choice, never the button that acts. */
  initialFocus?: RefObject<HTMLElement | null>;
}

export interface DialogProps extends Common {
  onClose: () => void;
}

/** A dialog that Esc and a click outside close. */
export function Dialog({
  open,
  onClose,
  title,
  description,
  children,
  actions,
  width = "medium",
  initialFocus,
}: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={BACKDROP} />
        <Base.Popup className={clsx(POPUP, WIDTHS[width])} {...(initialFocus ? { initialFocus } : {})}>
          <div className="flex items-start gap-3 border-b px-4 py-3">
            <div className="grow">
              <Base.Title className="text-base font-semibold">{title}</Base.Title>
              {description ? (
                <Base.Description className="mt-1 text-sm text-ink-soft">{description}</Base.Description>
              ) : null}
            </div>
            <Base.Close aria-label="Close" className="grid size-7 place-items-center rounded hover:bg-neutral-soft">
              <X aria-hidden size={16} />
            </Base.Close>
          </div>
          <div className="min-h-0 overflow-auto px-4 py-3">{children}</div>
          {actions ? <div className="flex flex-wrap justify-end gap-2 border-t px-4 py-3">{actions}</div> : null}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

export interface AlertDialogProps extends Common {
  /** Esc. Leave it out for what only a decision can close. */
  onCancel?: () => void;
  tone?: "plain" | "danger" | "buy" | "sell";
}

const EDGES = {
  plain: "",
  danger: "border-t-4 border-t-bad",
  buy: "border-t-4 border-t-buy",
  sell: "border-t-4 border-t-sell",
} as const;

/** A question that must be answered: a click outside does not close it. Put the focus on the safe answer. */
export function AlertDialog({
  open,
  onCancel,
  title,
  description,
  children,
  actions,
  width = "medium",
  initialFocus,
  tone = "plain",
}: AlertDialogProps) {
  return (
    <BaseAlert.Root open={open} onOpenChange={(next) => !next && onCancel?.()}>
      <BaseAlert.Portal>
        <BaseAlert.Backdrop className={BACKDROP} />
        <BaseAlert.Popup
          className={clsx(POPUP, WIDTHS[width], EDGES[tone])}
          {...(initialFocus ? { initialFocus } : {})}
        >
          <div className="border-b px-4 py-3">
            <BaseAlert.Title className="text-base font-semibold">{title}</BaseAlert.Title>
            {description ? (
              <BaseAlert.Description className="mt-1 text-sm text-ink-soft">{description}</BaseAlert.Description>
            ) : null}
          </div>
          {children ? <div className="min-h-0 overflow-auto px-4 py-3">{children}</div> : null}
          <div className="flex flex-wrap justify-end gap-2 border-t px-4 py-3">{actions}</div>
        </BaseAlert.Popup>
      </BaseAlert.Portal>
    </BaseAlert.Root>
  );
}
