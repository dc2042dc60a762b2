/** The page's sections: which one shows, what stands in it, where the focus is. */
import { fill, words, type MessageName } from "./strings.js";

export type Section = "start" | "ready" | "watch" | "ask" | "done" | "message";

/** Finds an element that the page is known to have. */
export function el<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Writes text, never markup, into an element. */
export function say(id: string, text: string): void {
  el(id).textContent = text;
}

/**
 * Shows one section and hides the rest.
 *
 * @param focus - move the focus to its heading, so that a screen reader says
 * where one is now; not on the first page, where it would skip the top
 */
export function show(section: Section, focus = true): void {
  for (const s of document.querySelectorAll<HTMLElement>("main > section")) s.hidden = s.id !== section;
  const heading = retitle();
  if (!focus) return;
  scrollTo(0, 0);
  heading?.focus({ preventScroll: true });
}

/**
 * Writes the heading of the section that shows into the title of the window.
 *
 * @returns the heading
 */
export function retitle(): HTMLElement | null {
  const heading = document.querySelector<HTMLElement>("main > section:not([hidden]) h1");
  if (heading) document.title = `${heading.textContent} – ${el("site").dataset.title}`;
  return heading;
}

/** The message and the fault of the PIN that show, to be said again in other words. */
let said: MessageName | null = null;
let wrong: (() => string) | null = null;

/** Says again what this file wrote, in the words that are in use now. */
export function sayAgain(): void {
  if (said) write(said);
  if (wrong) writeWrong(wrong());
}

function write(name: MessageName): void {
  const m = words().messages[name];
  say("message-heading", m.heading);
  say("message-text", m.text);
  say("message-next", m.next);
  say("message-code", fill(words().code, { code: m.code }));
}

/**
 * Shows a message that takes over the page.
 *
 * @param again - what the "Try again" button does; without it there is none
 */
export function message(name: MessageName, again: (() => void) | null = null): void {
  said = name;
  write(name);
  const button = el<HTMLButtonElement>("again");
  button.hidden = !again;
  button.onclick = again;
  el("stop-message").hidden = true;
  show("message");
}

/**
 * Says what is wrong with the PIN, in the summary and beside the field.
 *
 * @param text - gives it in the words in use; null to clear
 */
export function pinError(text: (() => string) | null): void {
  wrong = text;
  writeWrong(text ? text() : "");
  if (text) el("summary").focus();
}

function writeWrong(text: string): void {
  el("summary").hidden = el("pin-error").hidden = !text;
  say("summary-link", text);
  say("pin-error", text);
  const field = el<HTMLInputElement>("pin");
  field.setAttribute("aria-invalid", String(!!text));
  field.setAttribute("aria-describedby", text ? "pin-hint pin-error" : "pin-hint");
}
