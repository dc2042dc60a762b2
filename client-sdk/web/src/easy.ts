/**
 * Easier words: the whole page in its easy-read catalogue and back, by a button or
 * because the link asks for it. Both catalogues are in the page, so that no server
 * learns who needs them; the choice is kept for this visit, in this tab.
 */
import { speak, type Words } from "./strings.js";
import { el, retitle } from "./view.js";

const NAME = "attune/words";

type Tree = { [key: string]: string | Tree };

/** What the page was served with, by the names of its texts. */
const usual = new Map<string, string>();

/**
 * Shows the button, and begins in easy words where the link or this visit asks for
 * them. A page without an easy catalogue has no button.
 *
 * @param asked - the link asks for them
 * @param redraw - called after a change, for what the script itself wrote
 */
export function offerEasyWords(asked: boolean, redraw: () => void): void {
  const source = document.getElementById("easy");
  if (!source) return;
  const easy = JSON.parse(source.textContent!) as { fixed: Tree; live: Words };
  const change = (on: boolean): void => {
    speak(on ? easy.live : null);
    fixed(on ? easy.fixed : null);
    el("easier-on").hidden = on;
    el("easier-off").hidden = !on;
    redraw();
    retitle();
  };
  const press = (on: boolean): void => {
    remember(on);
    change(on);
    el(on ? "easier-off" : "easier-on").focus(); // the button that was pressed has gone
  };
  el("easier-on").onclick = () => press(true);
  el("easier-off").onclick = () => press(false);
  el("easier").hidden = false;
  const chosen = remembered();
  if (chosen === "easy" || (asked && chosen === "")) change(true);
}

/** Writes the texts that stand in the page; null for those that it was served with. */
function fixed(others: Tree | null): void {
  for (const e of document.querySelectorAll<HTMLElement>("[data-w]")) {
    e.textContent = text(e.dataset.w!, e.textContent!, others);
  }
  for (const e of document.querySelectorAll<HTMLElement>("[data-w-label]")) {
    e.setAttribute("aria-label", text(e.dataset.wLabel!, e.getAttribute("aria-label")!, others));
  }
}

function text(name: string, now: string, others: Tree | null): string {
  if (!usual.has(name)) usual.set(name, now);
  if (!others) return usual.get(name)!;
  return name.split(".").reduce<Tree | string>((tree, key) => (tree as Tree)[key]!, others) as string;
}

function remember(on: boolean): void {
  try {
    sessionStorage.setItem(NAME, on ? "easy" : "usual");
  } catch {
    /* storage is off: the choice lasts until the page is gone */
  }
}

function remembered(): string {
  try {
    return sessionStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}
