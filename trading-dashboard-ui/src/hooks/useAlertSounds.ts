import { useEffect } from "react";
import { type Alert, Alerts } from "@/rules/alerts";
import { onLive } from "@/store/liveEvents";
import { usePreferences } from "@/store/preferencesStore";

/** Hertz, one after the other: down for what went wrong, up for what is done. */
const TONES: Record<Alert, readonly [number, number]> = { refused: [440, 330], finished: [523, 784] };
const TONE_S = 0.14;
const LOUDNESS = 0.15;

/** Sounds at refusals and at the end of a batch, for whoever turned it on; every tab that is open does. */
export function useAlertSounds(): void {
  const isOn = usePreferences((kept) => kept.soundOnFinish);
  useEffect(() => {
    if (!isOn) return;
    const alerts = new Alerts();
    const context = new AudioContext();
    const heed = (frame: Parameters<Alerts["take"]>[0]) => {
      const alert = alerts.take(frame, Date.now());
      if (alert !== null) void context.resume().then(() => play(context, TONES[alert]));
    };
    const stops = [onLive("order_update", heed), onLive("batch_update", heed)];
    return () => {
      for (const stop of stops) stop();
      void context.close();
    };
  }, [isOn]);
}

function play(context: AudioContext, tones: readonly number[]): void {
  tones.forEach((hertz, place) => {
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    const begins = context.currentTime + place * TONE_S;
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(LOUDNESS, begins);
    volume.gain.exponentialRampToValueAtTime(0.001, begins + TONE_S); // without a click at its end
    tone.connect(volume).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + TONE_S);
  });
}
