import { formatQuantity } from "./numbers";

/** A number with its noun: `1 order`, `2 orders`, `1,00,000 clients`. `many` is for what does not end in s. */
export function counted(number: number, one: string, many: string = `${one}s`): string {
  return `${formatQuantity(number)} ${number === 1 ? one : many}`;
}
