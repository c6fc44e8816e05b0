/** What makes a picture of a screen the same on every machine and at every moment. */
import { expect, type Page } from "@playwright/test";
import { boxFont } from "./boxFont.ts";

/** Before the page is opened: all text is set in boxes from the first layout on, and nothing is called old in seconds. */
export async function setInBoxes(page: Page): Promise<void> {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.addInitScript((font) => {
    const bytes = Uint8Array.from(atob(font), (character) => character.charCodeAt(0));
    const face = new FontFace("Boxes", bytes, { weight: "100 900" });
    document.fonts.add(face);
    void face.load();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
      *, ::before, ::after {
        font-family: Boxes !important;
        font-synthesis: none !important;
        text-rendering: geometricPrecision !important;
      }
      /* which way a profit goes is chance */
      .text-gain, .text-loss { color: inherit !important; }
    `);
    document.adoptedStyleSheets.push(sheet);
    localStorage.setItem("desk.preferences", JSON.stringify({ state: { staleAfterS: 30 }, version: 1 }));
  }, boxFont().toString("base64"));
}

/**
 * Take the picture in both themes. The page is replaced by a copy of itself that nothing updates, in which all times,
 * ages, amounts, counts and made-up names are as long as any other.
 */
export async function expectPictures(page: Page, name: string): Promise<void> {
  await expect(page.getByRole("status").filter({ hasText: /^Reading/ })).toHaveCount(0);
  await expect(page.locator("body .italic")).toHaveCount(0); // what is called old; it is read again
  expect(await page.evaluate(() => document.fonts.check("16px Boxes"))).toBe(true);
  await page.mouse.move(0, 0);
  await page.evaluate(freeze);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
    await expect.soft(page).toHaveScreenshot(`${name}-${colorScheme}.png`, { maxDiffPixelRatio: 0.004 });
  }
}

/** Runs in the page. */
function freeze(): void {
  const scrolled = [...document.querySelectorAll("*")].map((element) => element.scrollTop);
  const focused = [...document.querySelectorAll("*")].indexOf(document.activeElement ?? document.body);
  const copy = document.body.cloneNode(true) as HTMLElement;
  document.body.replaceWith(copy);
  const everything = [...document.querySelectorAll<HTMLElement>("*")];
  for (const [place, top] of scrolled.entries()) {
    const element = everything[place];
    if (element !== undefined && top > 0) element.scrollTop = top;
  }
  everything[focused]?.focus({ preventScroll: true });

  const evened = (text: string) =>
    text
      .replace(/[\w.+-]+@[\w.-]+/g, "somebody@desk.test")
      .replace(/\b(?=\w*\d)(?=\w*[A-Za-z])\w{6,}\b/g, "XX000000") // codes and ids
      .replace(/\b(Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)\b/g, "Jan")
      .replace(/\b\d+(\.\d+)? (s|min|h|d)\b/g, "00 s")
      .replace(/[▲▼] ?/g, "")
      .replace(/[+−-]?₹?\d[\d,]*(\.\d+)?(L|Cr)?\b/g, (number) => (/[.LC]/.test(number) ? "0,000.00" : "00"));
  const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
    node.nodeValue = evened(node.nodeValue ?? "");
}
