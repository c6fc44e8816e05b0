/** Which live frames are worth a sound: an order that was refused, and the end of a batch. */
export type Alert = "refused" | "finished";

type Heard = { type: "order_update"; status: string } | { type: "batch_update"; batch_id: string; status: string };

const QUIET_MS = 2_000; // a thousand refusals are one sound

export class Alerts {
  #quietUntil: Record<Alert, number> = { refused: 0, finished: 0 };
  #running = new Set<string>();

  /** Returns what to sound at `now` (milliseconds), if anything. A batch ends once, and only after it was seen to run. */
  take(frame: Heard, now: number): Alert | null {
    const alert = this.#alertOf(frame);
    if (alert === null || now < this.#quietUntil[alert]) return null;
    this.#quietUntil[alert] = now + QUIET_MS;
    return alert;
  }

  #alertOf(frame: Heard): Alert | null {
    if (frame.type === "order_update") return frame.status === "rejected" ? "refused" : null;
    if (frame.status !== "completed") {
      this.#running.add(frame.batch_id);
      return null;
    }
    return this.#running.delete(frame.batch_id) ? "finished" : null;
  }
}
