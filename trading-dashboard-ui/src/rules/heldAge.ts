/** Whether a client's held quantity may be taken for what it holds now. */
export interface HeldReading {
  /** When the desk answered last, in ms since 1970 by the server's clock; 0 before its first answer. */
  answeredAt: number;
  hasFailed: boolean;
  /** Since when the desk is not heard. */
  unheardSince: number | null;
}

/** The desk says itself that an account it did not read for so long is not current. */
export const ACCOUNT_OLD_AFTER_MS = 300_000;

/** Since when it is not known to be so any more; null while it is current. `accountReadAt`: the broker's account. */
export function heldOldSince(reading: HeldReading, accountReadAt: number | undefined): number | null {
  const isAccountOld = accountReadAt !== undefined && reading.answeredAt - accountReadAt > ACCOUNT_OLD_AFTER_MS;
  if (isAccountOld) return accountReadAt;
  if (reading.unheardSince !== null) return Math.min(reading.answeredAt, reading.unheardSince);
  return reading.hasFailed ? reading.answeredAt : null;
}
