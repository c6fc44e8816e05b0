import { isDialogOpen } from "./useShortcuts";

const pageOf = (html: string): HTMLElement => {
  const page = document.createElement("main");
  page.innerHTML = html;
  return page;
};

describe("what stops the keys", () => {
  it("is a dialog, or a question that must be answered", () => {
    expect(isDialogOpen(pageOf('<div role="dialog"></div>'))).toBe(true);
    expect(isDialogOpen(pageOf('<div role="alertdialog"></div>'))).toBe(true);
    expect(isDialogOpen(pageOf('<div role="dialog" aria-modal="true"></div>'))).toBe(true);
  });

  it("is no toast, however grave", () => {
    expect(isDialogOpen(pageOf('<div role="dialog" aria-modal="false"></div>'))).toBe(false);
    expect(isDialogOpen(pageOf('<div role="alertdialog" aria-modal="false"></div>'))).toBe(false);
  });

  it("is a dialog beside a toast", () => {
    const both = '<div role="dialog" aria-modal="false"></div><div role="alertdialog"></div>';
    expect(isDialogOpen(pageOf(both))).toBe(true);
  });
});
