/** Byte helpers shared by page and worker: unpadded base64url, and joining. */

/** Bytes over a plain ArrayBuffer, which WebCrypto and streams ask for. */
export type Bytes = Uint8Array<ArrayBuffer>;

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * Writes bytes as base64url without padding (RFC 4648 §5).
 *
 * @param bytes - any length
 * @returns text of ceil(4n/3) characters
 */
export function toBase64url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const n = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let j = 0; j < Math.min(left, 3) + 1; j++) text += alphabet[(n >> (18 - 6 * j)) & 63];
  }
  return text;
}

/**
 * Reads base64url without padding, strictly: a text that does not encode back
 * to itself is refused, so that each value has one spelling.
 *
 * @param text - base64url characters only
 * @param size - the length wanted in bytes; any when left out
 * @returns the bytes, or null when the text is not strict base64url or the wrong length
 */
export function fromBase64url(text: unknown, size?: number): Bytes | null {
  if (typeof text !== "string") return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const c of text) {
    const v = alphabet.indexOf(c);
    if (v < 0) return null;
    held = ((held << 6) | v) & 0xfff;
    bits += 6;
    if (bits >= 8) bytes[at++] = (held >> (bits -= 8)) & 255;
  }
  if (size !== undefined && bytes.length !== size) return null;
  return toBase64url(bytes) === text ? bytes : null;
}

/**
 * Joins byte arrays.
 *
 * @returns one new array holding all parts in order
 */
export function join(...parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}
