/** The page between PIN and film: what it is, who else can watch, until when. */
import type { Opened, Viewer } from "./api.js";
import type { Sealed } from "./link.js";
import { day, fill, moment, words } from "./strings.js";
import { el, say } from "./view.js";

/** Fills in the section before it is shown. */
export function prepare(opened: Opened, sealed: Sealed): void {
  const w = words();
  const title = sealed.title || w.untitled;
  say("ready-heading", title);
  say("watch-heading", title);
  el("film").setAttribute("aria-label", title);
  say("shown", sealed.shown.length ? fill(w.shown, { names: list(sealed.shown) }) : "");
  el("shown").hidden = !sealed.shown.length;
  say("until", opened.until ? fill(w.until, { when: moment(opened.until, language()) }) : "");
  el("viewers").replaceChildren(...watchers(opened.viewers).map(viewerLine));
  say("cost", fill(w.cost, { length: length(opened.duration), size: Math.max(1, Math.round(opened.payloadBytes / 1e6)) }));
}

/** Takes title and names off the page again. */
export function blank(): void {
  for (const id of ["ready-heading", "watch-heading", "shown", "viewers", "until"]) el(id).replaceChildren();
  el("film").removeAttribute("aria-label");
  document.title = el("site").dataset.title!;
}

/** Whoever reads this can watch, so the list always begins with them. */
function watchers(viewers: Viewer[]): Viewer[] {
  return [{ role: "carer", until: "" }, ...viewers.filter((v) => v.role !== "carer")];
}

function viewerLine(v: Viewer): HTMLElement {
  const w = words();
  const who = (w.roles as Record<string, string>)[v.role] ?? v.role.replace(/[-_]/g, " ");
  const until = new Date(v.until);
  return line(Number.isNaN(until.getTime()) ? who : fill(w.whoUntil, { who, day: day(until, language()) }));
}

function line(text: string): HTMLElement {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function list(names: string[]): string {
  return new Intl.ListFormat(language()).format(names);
}

function length(seconds: number): string {
  const w = words();
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 90) return fill(w.seconds, { n: whole });
  return fill(w.minutes, { n: Math.round(whole / 60) });
}

/** The page's language, as a British one where there is a choice. */
function language(): string {
  return document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
}
