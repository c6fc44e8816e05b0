/** What the administrator's lists keep in the address. */
export const ACCOUNT_FILTERS = { list: "clients", q: "", group: "", show: "all", edit: "" };

export type AccountFilterText = typeof ACCOUNT_FILTERS;
export type ChangeFilters = (changes: Partial<AccountFilterText>) => void;
