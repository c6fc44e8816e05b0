/** The server's time on this machine: ages compare the server's instants with it, whatever this machine's clock says. */

const WORTH_A_CHANGE_MS = 250; // less is the network's own delay

let offsetMs = 0;

/** The server said `instant` a moment ago. */
export function heardServerTime(instant: string): void {
  const found = Date.parse(instant) - Date.now();
  if (Math.abs(found - offsetMs) > WORTH_A_CHANGE_MS) offsetMs = found;
}

/** Milliseconds since 1970, by the server's clock. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}
