/**
 * Fetching sealed chunks from the server: exact ranges of at most 512 KiB, one
 * ahead of the reader, so that a player which stops reading costs a carer's
 * data allowance no more than that. One open-ended request would over-read by
 * whatever the sockets and pipes can hold.
 */
import { join, type Bytes } from "./bytes.js";
import { Fault, kindOf } from "./fault.js";
import { sealedRange, type Shape } from "./stream.js";

/** Where a film's sealed bytes are. */
export interface Source {
  /** Path of the payload, same origin. */
  url: string;
  /** Value of the Attune-Session header. */
  session: string;
  fetch: typeof fetch;
}

/** Chunks in one request: 512 KiB of film. */
export const PULL_CHUNKS = 8;

const RETRY_AFTER_MS = [300, 1000, 2500];

/** One request in flight, read by whole chunks. */
interface Pull {
  take(bytes: number): Promise<Bytes>;
}

async function request(source: Source, shape: Shape, first: number, last: number, signal: AbortSignal): Promise<Pull> {
  const { start, end } = sealedRange(shape, first, last);
  const reply = await source.fetch(source.url, {
    headers: { "Attune-Session": source.session, Range: `bytes=${start}-${end - 1}` },
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    redirect: "error",
    signal,
  });
  judge(reply, `bytes ${start}-${end - 1}/${shape.payloadBytes}`);
  return reader(reply);
}

/** Turns a reply that is not the exact range asked for into its fault. */
function judge(reply: Response, range: string): void {
  if (reply.status === 206) {
    const got = reply.headers.get("Content-Range") ?? "";
    if (got === range) return;
    // The same range of another total: the object is not as long as the film was.
    throw new Fault(/^bytes \d+-\d+\/\d+$/.test(got) ? "truncated" : "network", got);
  }
  void reply.body?.cancel();
  if (reply.status === 416) throw new Fault("truncated", "416");
  if ([401, 403, 404, 410].includes(reply.status)) throw new Fault("ended", `${reply.status}`);
  throw new Fault("network", `${reply.status}`);
}

function reader(reply: Response): Pull {
  const body = reply.body!.getReader();
  let held: Bytes[] = [];
  let size = 0;
  return {
    async take(bytes) {
      while (size < bytes) {
        const { done, value } = await body.read();
        if (done) throw new Fault("network", "reply cut short");
        held.push(value as Bytes);
        size += value.length;
      }
      const all = held.length === 1 ? held[0]! : join(...held);
      held = all.length > bytes ? [all.subarray(bytes)] : [];
      size = all.length - bytes;
      return all.subarray(0, bytes);
    },
  };
}

/**
 * Yields sealed chunks in order, asking for the next pull when half of the
 * present one has arrived. A lost connection is tried again from the chunk it
 * stopped at; other faults are final.
 *
 * @param first - index of the first chunk
 * @param last - index of the last chunk, inclusive
 * @param signal - ends every request in flight
 * @throws {@link Fault}
 */
export async function* sealedChunks(
  source: Source,
  shape: Shape,
  first: number,
  last: number,
  signal: AbortSignal,
): AsyncGenerator<Bytes, void, void> {
  let attempt = new AbortController();
  signal.addEventListener("abort", () => attempt.abort());
  const ask = (at: number): Promise<Pull> => {
    const pull = request(source, shape, at, Math.min(at + PULL_CHUNKS - 1, last), attempt.signal);
    pull.catch(() => {}); // judged when it is awaited, which may be never
    return pull;
  };
  let at = first;
  let tries = 0;
  while (at <= last) {
    try {
      let ahead = ask(at);
      while (at <= last) {
        const pull = await ahead;
        const end = Math.min(at + PULL_CHUNKS, last + 1);
        const half = at + ((end - at) >> 1);
        while (at < end) {
          const { start, end: stop } = sealedRange(shape, at, at);
          const chunk = await pull.take(stop - start);
          if (at === half && end <= last) ahead = ask(end);
          at++;
          tries = 0;
          yield chunk;
        }
      }
    } catch (e) {
      attempt.abort(); // the pull ahead must not hold its connection
      attempt = new AbortController();
      if (signal.aborted || kindOf(e) !== "network" || tries >= RETRY_AFTER_MS.length) throw e;
      await new Promise((again) => setTimeout(again, RETRY_AFTER_MS[tries]));
      tries++;
    }
  }
}
