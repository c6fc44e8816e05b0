/** Everything that turns values into words on the screen, and typed words into values. */
export * from "./amount";
export * from "./counted";
export * from "./numbers";
export * from "./quantity";
export * from "./times";
