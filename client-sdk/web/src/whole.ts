/**
 * The way for browsers without a worker: fetch and open the whole film, then
 * play it from memory. Costly in data and time, so for short films only.
 */
import { Film, type Ticket } from "./film.js";

/** A phone's browser tab may hold about this much without being stopped. */
export const MAX_WHOLE_BYTES = 100 * 1024 * 1024;

/** Parts are handed to the browser in blobs of this size, which it may keep on disk. */
const PART_BYTES = 4 * 1024 * 1024;

/**
 * Fetches and opens a whole film.
 *
 * @param progress - called with the share done, 0 to 1
 * @param signal - ends the fetching when nobody waits for it any more
 * @returns the film in clear. A browser short of memory may keep blobs in its own
 * temporary files until the page is gone: accepted for short films, where there
 * is no worker, rather than none at all
 * @throws Fault
 */
export async function wholeFilm(ticket: Ticket, progress: (share: number) => void, signal: AbortSignal): Promise<Blob> {
  const film = new Film(ticket, () => {});
  const parts: Blob[] = [];
  let held: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let done = 0;
  const reader = film.read(0, film.shape.plainBytes).getReader();
  signal.addEventListener("abort", () => void reader.cancel().catch(() => {})); // it may have failed already
  for (;;) {
    const step = await reader.read();
    if (step.done) break;
    held.push(step.value);
    size += step.value.length;
    done += step.value.length;
    progress(done / film.shape.plainBytes);
    if (size < PART_BYTES) continue;
    parts.push(new Blob(held));
    held = [];
    size = 0;
  }
  return new Blob([...parts, ...held], { type: film.media });
}
