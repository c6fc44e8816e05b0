/** When an act that sends needs more than a press. The desk's policy, the same for everybody: no preference. */
export const SAFETY = {
  /** Above this many clients the total quantity must be typed. */
  typeToConfirmClients: 100,
  /** Above this many rupees, too. */
  typeToConfirmRupees: "10000000.00",
  /** Funds read longer ago than this are warned about before anything is sent. */
  fundsOldAfterS: 60,
} as const;
