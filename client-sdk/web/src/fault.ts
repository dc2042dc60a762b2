/** Why a film cannot be shown, as one of a few kinds that the page has words for. */

/**
 * - `tampered`: a chunk does not open; someone or something changed it
 * - `truncated`: the end is missing or damaged
 * - `ended`: the server no longer serves this link
 * - `network`: no answer, or a broken one, after retries; the only kind worth trying again
 * - `badkey`: the key does not fit the film at all
 */
export type FaultKind = "tampered" | "truncated" | "ended" | "network" | "badkey";

/** A fault on its way from the bytes to the page. */
export class Fault extends Error {
  constructor(
    readonly kind: FaultKind,
    detail = "",
  ) {
    super(`${kind}: ${detail}`);
  }
}

/**
 * Names the fault in anything thrown.
 *
 * @returns its kind; what is not a {@link Fault} came from fetching, so `network`
 */
export function kindOf(e: unknown): FaultKind {
  return e instanceof Fault ? e.kind : "network";
}
