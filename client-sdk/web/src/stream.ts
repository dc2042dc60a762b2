/**
 * Arithmetic of a payload: a 16-byte nonce, then age's STREAM, which is chunks
 * of 64 KiB with a 16-byte tag each, the last one shorter or full.
 *
 * Source: age-encryption.org/v1, "Payload".
 */
import type { Bytes } from "./bytes.js";
import { Fault } from "./fault.js";

export const NONCE_BYTES = 16;
export const CHUNK_BYTES = 64 * 1024;
export const TAG_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

/** The measures of one film, all in bytes except `chunks`. */
export interface Shape {
  payloadBytes: number;
  plainBytes: number;
  chunks: number;
}

/**
 * Works out how a payload divides.
 *
 * @param payloadBytes - nonce and STREAM together
 * @throws {@link Fault} `truncated` when no film can have this length: a last
 * chunk must hold at least one byte unless the whole film is empty
 */
export function shapeOf(payloadBytes: number): Shape {
  const body = payloadBytes - NONCE_BYTES;
  if (!Number.isSafeInteger(payloadBytes) || body < TAG_BYTES) throw new Fault("truncated", `payload of ${payloadBytes}`);
  const chunks = Math.ceil(body / SEALED_CHUNK_BYTES);
  const last = body - (chunks - 1) * SEALED_CHUNK_BYTES;
  if (last < TAG_BYTES || (last === TAG_BYTES && chunks > 1)) throw new Fault("truncated", `last chunk of ${last}`);
  return { payloadBytes, plainBytes: body - chunks * TAG_BYTES, chunks };
}

/**
 * Finds the chunk that holds a byte of the film.
 *
 * @param plainOffset - byte offset into the plaintext
 */
export function chunkAt(plainOffset: number): number {
  return Math.floor(plainOffset / CHUNK_BYTES);
}

/**
 * Finds the payload bytes of a run of chunks.
 *
 * @param first - index of the first chunk
 * @param last - index of the last chunk, inclusive
 * @returns start inclusive, end exclusive, in bytes of the payload
 */
export function sealedRange(shape: Shape, first: number, last: number): { start: number; end: number } {
  return {
    start: NONCE_BYTES + first * SEALED_CHUNK_BYTES,
    end: Math.min(NONCE_BYTES + (last + 1) * SEALED_CHUNK_BYTES, shape.payloadBytes),
  };
}

/**
 * Makes the nonce of one chunk: an 11-byte big-endian counter, then 1 for the
 * last chunk of the film and 0 for every other.
 *
 * @param index - up to 2^53, which is far beyond any film
 */
export function chunkNonce(index: number, last: boolean): Bytes {
  const nonce = new Uint8Array(12);
  for (let at = 10, n = index; n > 0; at--, n = Math.floor(n / 256)) nonce[at] = n % 256;
  nonce[11] = last ? 1 : 0;
  return nonce;
}
