/** Every key of the desk, as the sheet shows it. Screens bind theirs with `useShortcuts`; browsers' own keys are never taken. */
export interface Shortcut {
  keys: string;
  does: string;
}

export const SHORTCUTS: readonly { where: string; keys: readonly Shortcut[] }[] = [
  {
    where: "Anywhere",
    keys: [
      { keys: "Ctrl+K", does: "go to a screen, client or symbol" },
      { keys: "?", does: "this sheet" },
      { keys: "g, then a letter", does: "go to a screen: d b e o c l a s" },
      { keys: "/", does: "search in the table" },
      { keys: "F2", does: "symbol box" },
      { keys: "F6, Shift+F6", does: "next, previous part of the screen" },
      { keys: "Esc", does: "close, or step back" },
    ],
  },
  {
    where: "Ticket",
    keys: [
      { keys: "Alt+B, Alt+S", does: "buy, sell" },
      { keys: "F8", does: "preview; sends nothing" },
    ],
  },
  {
    where: "Quantities",
    keys: [
      { keys: "Enter, ↓, ↑", does: "next, previous row" },
      { keys: "PgUp, PgDn", does: "page" },
      { keys: "Ctrl+Home, Ctrl+End", does: "first, last row" },
      { keys: "digits", does: "replace on the first key" },
      { keys: "Backspace, Esc", does: "clear, restore" },
      { keys: "Ctrl+V", does: "paste a column, or codes and quantities" },
      { keys: "Ctrl+Z, Ctrl+Y", does: "undo, redo" },
      { keys: "Ctrl+D", does: "copy the value down" },
      { keys: "Tab", does: "leave the column" },
    ],
  },
  {
    where: "Rows",
    keys: [
      { keys: "Space", does: "select" },
      { keys: "F9", does: "pause live numbers" },
      { keys: "O", does: "open the client" },
    ],
  },
  {
    where: "Batch",
    keys: [
      { keys: "P", does: "problems only" },
      { keys: "R", does: "retry a group: opens a preview" },
      { keys: "Ctrl+.", does: "stop what was not sent yet" },
    ],
  },
  { where: "Exit", keys: [{ keys: "F8", does: "preview the selected clients, or all; sends nothing" }] },
  { where: "Client", keys: [{ keys: "J, K", does: "previous, next client" }] },
];
