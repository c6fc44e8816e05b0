/**
 * Every screen: its address, its name in the rail, who may see it. A screen whose file is not in `src/pages/` is neither
 * routed nor in the rail, so a new one appears by adding its file. Its default export is the component.
 *
 * All but the dashboard load when they are first opened.
 */
import {
  ArrowRightFromLine,
  ClipboardList,
  FileClock,
  LayoutDashboard,
  ListOrdered,
  type LucideIcon,
  PlugZap,
  Settings2,
  Users,
} from "lucide-react";
import { type ComponentType, lazy } from "react";
import { pagePart } from "@/services/pagePart";

type Loaded = { default: ComponentType };

export interface Page {
  name: string;
  /** wouter's pattern, below /app. */
  pattern: string;
  /** Where the rail and `g` + `key` lead; without it the page is reached from others. */
  rail?: { href: string; icon: LucideIcon; key: string };
  permission?: string;
}

const KNOWN: readonly (Page & { file: string })[] = [
  { file: "Dashboard", name: "Dashboard", pattern: "/", rail: { href: "/", icon: LayoutDashboard, key: "d" } },
  { file: "Batches", name: "Batches", pattern: "/batches", rail: { href: "/batches", icon: ListOrdered, key: "b" } },
  { file: "Batch", name: "Batch", pattern: "/batches/:id" },
  { file: "Exit", name: "Exit", pattern: "/exit/:token?", rail: { href: "/exit", icon: ArrowRightFromLine, key: "e" } },
  { file: "Orders", name: "Orders", pattern: "/orders", rail: { href: "/orders", icon: ClipboardList, key: "o" } },
  {
    file: "Clients",
    name: "Clients",
    pattern: "/clients",
    rail: { href: "/clients", icon: Users, key: "c" },
    permission: "manage_clients",
  },
  { file: "Client", name: "Client", pattern: "/clients/:id" },
  { file: "Sessions", name: "Sessions", pattern: "/sessions", rail: { href: "/sessions", icon: PlugZap, key: "l" } },
  {
    file: "Audit",
    name: "Audit",
    pattern: "/audit",
    rail: { href: "/audit", icon: FileClock, key: "a" },
    permission: "read_audit",
  },
  { file: "Settings", name: "Settings", pattern: "/settings", rail: { href: "/settings", icon: Settings2, key: "s" } },
];

const eager = import.meta.glob<Loaded>("../pages/Dashboard.tsx", { eager: true });
const files = import.meta.glob<Loaded>(["../pages/*.tsx", "!../pages/*.test.tsx", "!../pages/{Dashboard,Login}.tsx"]);

function componentOf(file: string): ComponentType | null {
  const path = `../pages/${file}.tsx`;
  const load = files[path];
  return eager[path]?.default ?? (load === undefined ? null : lazy(pagePart(load)));
}

export interface RoutedPage extends Page {
  Component: ComponentType;
}

export const PAGES: readonly RoutedPage[] = KNOWN.flatMap(({ file, ...page }) => {
  const Component = componentOf(file);
  return Component === null ? [] : [{ ...page, Component }];
});

export interface RailPage extends RoutedPage {
  rail: NonNullable<Page["rail"]>;
}

export function railFor(may: (permission: string) => boolean): RailPage[] {
  return PAGES.filter(
    (page): page is RailPage => page.rail !== undefined && (page.permission === undefined || may(page.permission)),
  );
}
