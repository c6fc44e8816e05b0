/** `nse:1660` is `NSE:1660`; null where the text is no instrument's id, such as a symbol that is still being typed. */
export function instrumentIdOf(text: string): string | null {
  const wanted = text.trim().toUpperCase();
  return /^[A-Z]+:\d+$/.test(wanted) ? wanted : null;
}

/** What an instrument is called where orders are confirmed: of a contract its expiry, kind and strike, too. */
export function calledOf({ symbol, name, expiry }: { symbol: string; name: string; expiry: string | null }): string {
  return expiry === null || name === "" ? symbol : name;
}
