import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { TooltipProps } from "./Tooltip";

const DELAY_MS = 400;

export default function TooltipParts({ content, children }: TooltipProps) {
  return (
    <Base.Root>
      <Base.Trigger render={children} delay={DELAY_MS} />
      <Base.Portal>
        <Base.Positioner sideOffset={6}>
          <Base.Popup className="max-w-80 rounded border border-line-strong bg-raised px-2 py-1 text-sm text-ink shadow-lg">
            {content}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
