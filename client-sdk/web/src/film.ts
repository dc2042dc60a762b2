/**
 * A film that is opened chunk by chunk. It promises that no byte of film comes
 * out before the last chunk has been opened, which proves that nothing was cut
 * off; that every byte was authenticated; and that a film once found bad stays
 * bad. Memory is bounded by two pulls, whatever the length of the film.
 */
import type { Bytes } from "./bytes.js";
import { openerFor, type Opener } from "./cipher.js";
import { Fault, type FaultKind } from "./fault.js";
import { sealedChunks, type Source } from "./payload.js";
import { CHUNK_BYTES, chunkAt, chunkNonce, shapeOf, type Shape } from "./stream.js";

/** All that is needed to read one film; it lives in memory only. */
export interface Ticket {
  /** The 22 characters of the link. */
  token: string;
  session: string;
  /** Payload key, 32 bytes. */
  key: Bytes;
  payloadBytes: number;
  /** `video/mp4` or `video/webm`. */
  media: string;
}

export class Film {
  readonly shape: Shape;
  readonly media: string;
  readonly #source: Source;
  readonly #opener: Promise<Opener>;
  readonly #tell: (kind: FaultKind) => void;
  #checked: Promise<void> | null = null;
  #bad: Fault | null = null;

  /**
   * @param tell - called with each fault that stops a reader
   * @throws {@link Fault} `truncated` when the length cannot be a film's
   */
  constructor(ticket: Ticket, tell: (kind: FaultKind) => void, net: typeof fetch = (...a) => fetch(...a)) {
    this.shape = shapeOf(ticket.payloadBytes);
    this.media = ticket.media === "video/webm" ? "video/webm" : "video/mp4";
    this.#source = { url: `/s/${ticket.token}/payload`, session: ticket.session, fetch: net };
    this.#opener = openerFor(ticket.key);
    this.#tell = tell;
  }

  /**
   * Opens the last chunk, once. Asked again after a lost network it tries again.
   *
   * @throws {@link Fault}
   */
  check(): Promise<void> {
    this.#checked ??= this.#openLast().catch((e) => {
      this.#checked = null;
      throw this.#mark(e);
    });
    return this.#checked;
  }

  /**
   * Reads film bytes. The first chunks are fetched while the last one is being
   * checked. Errors the stream, and tells, on any fault.
   *
   * @param start - first byte of the film
   * @param end - exclusive, greater than start
   */
  read(start: number, end: number): ReadableStream<Bytes> {
    const stop = new AbortController();
    const plain = this.#plain(start, end, stop.signal);
    // Under way before the player asks; later chunks only when it asks, so that
    // a player which stops reading stops fetching.
    let early: Promise<IteratorResult<Bytes, void>> | null = plain.next();
    early.catch(() => {});
    return new ReadableStream<Bytes>(
      {
        pull: async (out) => {
          try {
            await this.check();
            const { done, value } = await (early ?? plain.next());
            early = null;
            if (done) out.close();
            else out.enqueue(value);
          } catch (e) {
            if (stop.signal.aborted) return;
            stop.abort();
            out.error(this.#mark(e));
          }
        },
        cancel: () => stop.abort(),
      },
      { highWaterMark: 0 },
    );
  }

  /** Remembers a lasting fault, and tells. */
  #mark(e: unknown): Fault {
    const fault = this.#bad ?? (e instanceof Fault ? e : new Fault("network", String(e)));
    if (fault.kind !== "network") this.#bad = fault;
    this.#tell(fault.kind);
    return fault;
  }

  async *#plain(start: number, end: number, signal: AbortSignal): AsyncGenerator<Bytes, void, void> {
    const first = chunkAt(start);
    const last = chunkAt(end - 1);
    let at = first;
    for await (const sealed of this.#chunks(first, last, signal)) {
      const chunk = await this.#open(at, sealed);
      if (!chunk) throw new Fault("tampered", `chunk ${at}`);
      const from = at * CHUNK_BYTES;
      at++;
      yield chunk.subarray(Math.max(0, start - from), Math.min(chunk.length, end - from));
    }
  }

  #chunks(first: number, last: number, signal: AbortSignal): AsyncGenerator<Bytes, void, void> {
    if (this.#bad) throw this.#bad;
    return sealedChunks(this.#source, this.shape, first, last, signal);
  }

  async #open(index: number, sealed: Bytes, last = index === this.shape.chunks - 1): Promise<Bytes | null> {
    return (await this.#opener)(chunkNonce(index, last), sealed);
  }

  /**
   * A last chunk that does not open has three causes, which need different
   * words: the film was cut at a chunk boundary (it opens as a middle chunk),
   * its end was cut or damaged (the first chunk still opens), or the key is
   * another film's (nothing opens).
   */
  async #openLast(): Promise<void> {
    const last = this.shape.chunks - 1;
    const sealed = await this.#one(last);
    if (await this.#open(last, sealed)) return;
    if (await this.#open(last, sealed, false)) throw new Fault("truncated", "no last chunk");
    if (last === 0) throw new Fault("tampered", "only chunk");
    throw new Fault((await this.#open(0, await this.#one(0))) ? "truncated" : "badkey", "last chunk");
  }

  async #one(index: number): Promise<Bytes> {
    for await (const sealed of this.#chunks(index, index, new AbortController().signal)) return sealed;
    throw new Fault("network", "no chunk");
  }
}

