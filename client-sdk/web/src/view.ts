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
  const heading = el(section).querySelector<HTMLElement>("h1")!;
  document.title = `${heading.textContent} – ${el("site").dataset.title}`;
  if (!focus) return;
  scrollTo(0, 0);
  heading.focus({ preventScroll: true });
}

/**
 * Shows a message that takes over the page.
 *
 * @param again - what the "Try again" button does; without it there is none
 */
export function message(name: MessageName, again: (() => void) | null = null): void {
  const m = words().messages[name];
  say("message-heading", m.heading);
  say("message-text", m.text);
  say("message-next", m.next);
  say("message-code", fill(words().code, { code: m.code }));
  const button = el<HTMLButtonElement>("again");
  button.hidden = !again;
  button.onclick = again;
  const phone = document.getElementById("message-phone");
  if (phone) phone.hidden = !/stopped$/.test(name);
  el("stop-message").hidden = true;
  show("message");
}

/**
 * Says what is wrong with the PIN, in the summary and beside the field.
 *
 * @param text - empty to clear
 */
export function pinError(text: string): void {
  el("summary").hidden = el("pin-error").hidden = !text;
  say("summary-link", text);
  say("pin-error", text);
  const field = el<HTMLInputElement>("pin");
  field.setAttribute("aria-invalid", String(!!text));
  field.setAttribute("aria-describedby", text ? "pin-hint pin-error" : "pin-hint");
  if (text) el("summary").focus();
}
