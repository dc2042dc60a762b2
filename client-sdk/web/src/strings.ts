/**
 * The words that the script needs, from the page's own catalogue: the server
 * writes them into the page in the reader's language, so one script serves all.
 */
import type en from "../../../server/pages/words/en.json";

/** English is the catalogue that others are checked against. */
export type Words = (typeof en)["live"];

/** A message that takes over the page. */
export type MessageName = keyof Words["messages"];

/** The catalogue in use. */
let used: Words | null = null;

/** @returns the words in use; until somebody chooses others, those in the page */
export function words(): Words {
  return (used ??= JSON.parse(document.getElementById("words")!.textContent!) as Words);
}

/** Says everything that is said from now on in these words; null for those in the page. */
export function speak(others: Words | null): void {
  used = others;
}

/**
 * Puts values into a text.
 *
 * @param text - with places such as `{minutes}`
 */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

/** Dates as people here write them, whatever the phone's own zone. */
export function day(when: Date, language: string): string {
  return when.toLocaleDateString(language, { weekday: "long", day: "numeric", month: "long", timeZone: "Europe/London" });
}

/** A day and a time, such as "Monday 14 December, 5:00 pm". */
export function moment(when: Date, language: string): string {
  const time = { hour: "numeric", minute: "2-digit", hour12: true, timeZone: "Europe/London" } as const;
  return `${day(when, language)}, ${when.toLocaleTimeString(language, time)}`;
}
