import { OwnSessions } from "@/components/OwnSessions";
import { deskMode, MODE_LOOK } from "@/components/shell/deskMode";
import { Page } from "@/components/shell/Page";
import { ShortcutList } from "@/components/shell/ShortcutSheet";
import { Button, FilterChips, Panel, Select, Switch } from "@/components/ui";
import { formatQuantity, formatRupees } from "@/format";
import { type Density, type NumberStyle, type Palette, type Theme, usePreferences } from "@/store/preferencesStore";
import { SAFETY } from "@/store/safety";

const THEMES = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const satisfies readonly { value: Theme; label: string }[];
const PALETTES = [
  { value: "colour-blind-safe", label: "Blue and orange" },
  { value: "classic", label: "Green and red" },
  { value: "mono", label: "No colour" },
] as const satisfies readonly { value: Palette; label: string }[];
const DENSITIES = [
  { value: "28", label: "Dense" },
  { value: "32", label: "Usual" },
  { value: "40", label: "Roomy" },
] as const satisfies readonly { value: Density; label: string }[];
const NUMBERS = [
  { value: "full", label: "12,34,567.89" },
  { value: "lakh-crore", label: "12.35L in totals" },
] as const satisfies readonly { value: NumberStyle; label: string }[];
const MINUTES = ["5", "15", "30", "60"].map((value) => ({ value, label: `${value} minutes` }));
const STALE = ["2", "3", "5", "10", "30"].map((value) => ({ value, label: `${value} seconds` }));

export default function Settings() {
  const kept = usePreferences();
  return (
    <Page title="Settings" actions={<Button onClick={kept.reset}>Back to the usual</Button>}>
      <p className="text-sm text-ink-soft">
        Kept in this browser, for whoever uses it. They change nothing that is sent.
      </p>
      <div className="grid gap-3 lg:grid-cols-2">
        <Panel title="Appearance">
          <div className="flex flex-col gap-4 p-3">
            <Choice label="Theme">
              <FilterChips label="Theme" chips={THEMES} value={kept.theme} onChange={(theme) => kept.set({ theme })} />
            </Choice>
            <Choice label="Rows">
              <FilterChips
                label="Rows"
                chips={DENSITIES}
                value={kept.density}
                onChange={(density) => kept.set({ density })}
              />
            </Choice>
            <Choice label="Profit and loss">
              <FilterChips
                label="Profit and loss"
                chips={PALETTES}
                value={kept.palette}
                onChange={(palette) => kept.set({ palette })}
              />
            </Choice>
            <Choice label="Large amounts">
              <FilterChips
                label="Large amounts"
                chips={NUMBERS}
                value={kept.numberStyle}
                onChange={(numberStyle) => kept.set({ numberStyle })}
              />
            </Choice>
            <Switch
              label="Light up changed figures"
              hint="At most once a second, and never where the system asks for less motion."
              checked={kept.flashes}
              onChange={(flashes) => kept.set({ flashes })}
            />
          </div>
        </Panel>
        <Panel title="Safety">
          <div className="flex flex-col gap-4 p-3">
            <p className="text-sm">
              Sending to more than {formatQuantity(SAFETY.typeToConfirmClients)} clients, or for more than{" "}
              {formatRupees(SAFETY.typeToConfirmRupees)}, needs the total quantity typed. Funds read more than{" "}
              {SAFETY.fundsOldAfterS} seconds ago are warned about. Both are the desk's policy, the same for everybody.
            </p>
            <Select
              label="Mark live figures that are older than"
              value={String(kept.staleAfterS)}
              options={STALE}
              onChange={(seconds) => kept.set({ staleAfterS: Number(seconds) })}
              className="w-60"
            />
            <Select
              label="Lock the desk when nobody has touched it for"
              value={String(kept.lockAfterMin)}
              options={MINUTES}
              onChange={(minutes) => kept.set({ lockAfterMin: Number(minutes) })}
              className="w-60"
            />
          </div>
        </Panel>
        <Panel title="Alerts">
          <div className="p-3">
            <Switch
              label="Sound when a batch has finished or an order is refused"
              checked={kept.soundOnFinish}
              onChange={(soundOnFinish) => kept.set({ soundOnFinish })}
            />
          </div>
        </Panel>
        <Panel title="Your sessions at the desk">
          <OwnSessions />
        </Panel>
        <Panel title="Keys" className="lg:col-span-2">
          <div className="flex flex-col gap-4 p-3">
            <Switch
              label="Keys of one letter"
              hint="Such as g, then d. Keys with Ctrl, Alt or F1 to F12 work either way."
              checked={kept.singleKeys}
              onChange={(singleKeys) => kept.set({ singleKeys })}
            />
            <ShortcutList />
          </div>
        </Panel>
        <Panel title="About" className="lg:col-span-2">
          <p className="p-3 text-sm">
            Trading platform, Apache License 2.0. {MODE_LOOK[deskMode()].meaning} Not affiliated with Motilal Oswal.
            Trading can lose money.
          </p>
        </Panel>
      </div>
    </Page>
  );
}

function Choice({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <span aria-hidden className="text-sm font-medium">
        {label}
      </span>
      {children}
    </div>
  );
}
