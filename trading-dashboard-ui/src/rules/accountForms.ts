/** What a person typed about a client, dealer or egress, as the calls that store it. Only what differs is sent. */
import type {
  Account,
  ClientChange,
  Dealer,
  DealerChange,
  Egress,
  EgressChange,
  NewClient,
  NewDealer,
  NewEgress,
} from "@/services/accounts";
import { NO_SECRETS, type TypedSecrets, typedOf } from "./secrets";

/** Stands for "no dealer" and "no egress" in a form. */
export const NONE = "none";

export interface ClientForm {
  name: string;
  code: string;
  /** Names with commas between them. */
  groups: string;
  dealerId: string;
  egressId: string;
  isActive: boolean;
  secrets: TypedSecrets;
}

export function clientForm(client: Account | null): ClientForm {
  return {
    name: client?.name ?? "",
    code: client?.mofsl_client_code ?? "",
    groups: client?.groups.join(", ") ?? "",
    dealerId: client?.dealer_id ?? NONE,
    egressId: client?.egress_id ?? NONE,
    isActive: client?.is_active ?? true,
    secrets: NO_SECRETS,
  };
}

export function newClient(form: ClientForm): NewClient {
  return {
    name: form.name,
    mofsl_client_code: form.code.trim(),
    dealer_id: idOf(form.dealerId),
    egress_id: idOf(form.egressId),
    groups: groupsOf(form.groups),
    is_active: form.isActive,
    ...ownSecrets(form),
  };
}

export function clientChange(form: ClientForm, client: Account): ClientChange {
  const wanted = newClient(form);
  return {
    ...(wanted.name === client.name ? {} : { name: wanted.name }),
    ...(wanted.mofsl_client_code.toUpperCase() === client.mofsl_client_code
      ? {}
      : { mofsl_client_code: wanted.mofsl_client_code }),
    ...(wanted.dealer_id === client.dealer_id ? {} : { dealer_id: wanted.dealer_id ?? null }),
    ...(wanted.egress_id === client.egress_id ? {} : { egress_id: wanted.egress_id ?? null }),
    ...(isSame(wanted.groups ?? [], client.groups) ? {} : { groups: wanted.groups ?? [] }),
    ...(wanted.is_active === client.is_active ? {} : { is_active: form.isActive }),
    ...ownSecrets(form),
  } as ClientChange;
}

/** Whether the desk logs this client in anew by itself once `change` is stored. */
export function leadsToLogin(change: Partial<ClientChange>, dealerId: string): boolean {
  if (dealerId !== NONE) return false; // its dealer's session serves it, and goes on
  const { name: _name, groups: _groups, is_active: _isActive, ...rest } = change;
  return Object.keys(rest).length > 0;
}

export interface DealerForm {
  name: string;
  code: string;
  egressId: string;
  isActive: boolean;
  secrets: TypedSecrets;
}

export function dealerForm(dealer: Dealer | null): DealerForm {
  return {
    name: dealer?.name ?? "",
    code: dealer?.dealer_code ?? "",
    egressId: dealer?.egress_id ?? NONE,
    isActive: dealer?.is_active ?? true,
    secrets: NO_SECRETS,
  };
}

/** The server needs all five secrets, and names those that are missing. */
export function newDealer(form: DealerForm): NewDealer {
  return {
    name: form.name,
    dealer_code: form.code.trim(),
    egress_id: idOf(form.egressId),
    ...typedOf(form.secrets),
  } as NewDealer;
}

export function dealerChange(form: DealerForm, dealer: Dealer): DealerChange {
  const egress = idOf(form.egressId);
  const code = form.code.trim();
  return {
    ...(form.name === dealer.name ? {} : { name: form.name }),
    ...(code.toUpperCase() === dealer.dealer_code ? {} : { dealer_code: code }),
    ...(egress === dealer.egress_id ? {} : { egress_id: egress }),
    ...(form.isActive === dealer.is_active ? {} : { is_active: form.isActive }),
    ...typedOf(form.secrets),
  } as DealerChange;
}

export interface EgressForm {
  name: string;
  kind: Egress["kind"];
  value: string;
  registeredAddress: string;
}

export function egressForm(egress: Egress | null): EgressForm {
  return {
    name: egress?.name ?? "",
    kind: egress?.kind ?? "direct",
    value: egress?.value ?? "",
    registeredAddress: egress?.registered_address ?? "",
  };
}

export function newEgress(form: EgressForm): NewEgress {
  return {
    name: form.name,
    kind: form.kind,
    value: form.kind === "direct" ? null : textOf(form.value),
    registered_address: textOf(form.registeredAddress),
  };
}

export function egressChange(form: EgressForm, egress: Egress): EgressChange {
  const wanted = newEgress(form);
  const isMoved = wanted.kind !== egress.kind || wanted.value !== egress.value;
  return {
    ...(wanted.name === egress.name ? {} : { name: wanted.name }),
    ...(isMoved ? { kind: wanted.kind, value: wanted.value ?? null } : {}),
    ...(wanted.registered_address === egress.registered_address
      ? {}
      : { registered_address: wanted.registered_address ?? null }),
  } as EgressChange;
}

export function groupsOf(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))];
}

function ownSecrets(form: ClientForm) {
  return form.dealerId === NONE ? typedOf(form.secrets) : {};
}

function idOf(chosen: string): string | null {
  return chosen === NONE ? null : chosen;
}

function textOf(typed: string): string | null {
  return typed.trim() === "" ? null : typed.trim();
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, place) => name === right[place]);
}
