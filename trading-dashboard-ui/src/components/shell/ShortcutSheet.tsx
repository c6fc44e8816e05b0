import { Dialog } from "@/components/ui";
import { SHORTCUTS } from "./shortcuts";

export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog
      open
      onClose={onClose}
      width="wide"
      title="Keys"
      description="Keys of one letter work while nothing is being typed; Settings switches them off. No key sends an order."
    >
      <ShortcutList />
    </Dialog>
  );
}

export function ShortcutList() {
  return (
    <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
      {SHORTCUTS.map(({ where, keys }) => (
        <section key={where} aria-label={where}>
          <h3 className="mb-1 font-semibold">{where}</h3>
          <dl className="grid grid-cols-[10rem_1fr] gap-x-3 gap-y-1 text-sm">
            {keys.map((one) => (
              <div key={one.keys} className="contents">
                <dt className="font-mono">{one.keys}</dt>
                <dd>{one.does}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
