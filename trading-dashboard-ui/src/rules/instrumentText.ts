/** `nse:1660` is `NSE:1660`; null where the text is no instrument's id, such as a symbol that is still being typed. */
export function instrumentIdOf(text: string): string | null {
  const wanted = text.trim().toUpperCase();
  return /^[A-Z]+:\d+$/.test(wanted) ? wanted : null;
}

/** What an instrument is called where orders are confirmed: of a contract its expiry, kind and strike, too. */
export function calledOf({ symbol, name, expiry }: { symbol: string; name: string; expiry: string | null }): string {
  return expiry === null || name === "" ? symbol : name;
}

/** A search without a match on the ticket's market, and on which others there is one. */
export function nothingCalled(text: string, markets: readonly string[]): string {
  const others = [...new Set(markets)];
  const here = `Nothing here is called “${text.trim()}”.`;
  return others.length === 0 ? here : `${here} There is on ${others.join(", ")}: change the market.`;
}
