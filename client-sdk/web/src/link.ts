/**
 * The secret half of a share link: reading it from the address, and what is
 * derived from it. The secret L itself never leaves this device; the server is
 * given `auth` and `pin` and stores only hashes of them.
 *
 * Every key is HKDF-SHA-256 over L without salt, info = its label, 32 bytes.
 */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { fromBase64url, join, toBase64url, type Bytes } from "./bytes.js";

const utf8 = new TextEncoder();

/** What opening a link sends: both 32 bytes, neither of which reveals L. */
export interface Proof {
  auth: Bytes;
  pin: Bytes;
}

/** What the link's own seal holds: the key of the film, and words for its viewer. */
export interface Sealed {
  /** Opens the STREAM chunks directly; 32 bytes. */
  key: Bytes;
  title: string;
  /** What the family calls the people in the film; the service does not know it. */
  shown: string[];
}

/**
 * Takes the token out of the page's path.
 *
 * @param path - `location.pathname`
 * @returns the 22 characters, or null when the address was damaged, for
 * example by an app that wrote the `#` as `%23`
 */
export function tokenOf(path: string): string | null {
  return /^\/s\/([A-Za-z0-9_-]{22})$/.exec(path)?.[1] ?? null;
}

/**
 * Takes out of a fragment what a message app, or a thumb, put round or into it: a full
 * stop, a bracket, the words that came after, a line break. Nothing is lost by it: the
 * checksum is still asked.
 *
 * @param fragment - `location.hash`, with or without its `#`
 * @returns the fragment alone, or the text as it was when there is none in it
 */
export function tidyFragment(fragment: string): string {
  const joined = fragment.replace(/\s|%(?:20|0A|0D|09|C2%A0|E2%80%8B)|[\u200b-\u200d\ufeff]/gi, "");
  const m = /^#?(1[A-Za-z0-9_-]{47})(\.e(?![A-Za-z0-9_-]))?/.exec(joined);
  return m ? m[1]! + (m[2] ?? "") : fragment;
}

/** The zeros of the digits on the keyboards that carers have: Arabic, Urdu, Hindi, Bengali, Punjabi, Gujarati. */
const zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6];

/**
 * Reads a PIN as it was typed or pasted: in other digits than ours, in groups, or with
 * a word before it.
 *
 * @returns its digits, 0 to 9, and nothing else
 */
export function pinOf(typed: string): string {
  const ours = (digit: string): string => {
    const at = digit.codePointAt(0)!;
    const zero = zeros.find((z) => at >= z && at < z + 10);
    return zero === undefined ? "" : String(at - zero);
  };
  return typed.normalize("NFKC").replace(/[^0-9]/gu, ours);
}

/**
 * Reads whether a link asks for easy words: `.e` behind the secret, outside its
 * checksum, and sent to no server. Cut off, the page offers them by its button.
 *
 * @param fragment - `location.hash`, with or without its `#`
 */
export function asksEasy(fragment: string): boolean {
  return /^#?1[A-Za-z0-9_-]{47}\.e$/.test(fragment);
}

/**
 * Reads the fragment `#1<L, 43 characters><checksum, 4 characters>`.
 *
 * The checksum lets the page tell a link that a message app cut or changed from
 * a link that has ended; it protects nothing.
 *
 * @param fragment - `location.hash`, with or without its `#`
 * @returns L (32 bytes), or null when it is absent, cut or changed
 */
export async function readFragment(fragment: string): Promise<Bytes | null> {
  const m = /^#?1([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{4})(?:\.e)?$/.exec(fragment);
  const secret = fromBase64url(m?.[1], 32);
  if (!m || !secret) return null;
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", secret));
  return toBase64url(sum.subarray(0, 3)) === m[2] ? secret : null;
}

/**
 * Derives one key from the link's secret.
 *
 * @param secret - L, 32 bytes
 * @param label - for example `attune/link/auth/v1`
 * @returns 32 bytes
 */
export async function derive(secret: Bytes, label: string): Promise<Bytes> {
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8.encode(label) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, base, 256));
}

/**
 * Proves knowledge of link and PIN.
 *
 * @param secret - L, 32 bytes
 * @param pin - six ASCII digits
 */
export async function prove(secret: Bytes, pin: string): Promise<Proof> {
  const [auth, pinKey] = await Promise.all([
    derive(secret, "attune/link/auth/v1"),
    derive(secret, "attune/link/pin/v1"),
  ]);
  const mac = await crypto.subtle.importKey("raw", pinKey, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return { auth, pin: new Uint8Array(await crypto.subtle.sign("HMAC", mac, utf8.encode(pin))) };
}

/**
 * Opens what the practitioner's device sealed for this link. The associated
 * data is `link ‖ clip`, so a server that answers with another film is found
 * out here.
 *
 * @param secret - L, 32 bytes
 * @param sealed - 24-byte nonce ‖ XChaCha20-Poly1305 ciphertext and tag
 * @param link - id of the link's statement, 32 bytes
 * @param clip - id of the clip's statement, 32 bytes
 * @returns the content, or null when it was not sealed by this link for this clip
 */
export async function unseal(secret: Bytes, sealed: Bytes, link: Bytes, clip: Bytes): Promise<Sealed | null> {
  const key = await derive(secret, "attune/link/wrap/v1");
  try {
    const open = xchacha20poly1305(key, sealed.subarray(0, 24), join(link, clip));
    const v: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(open.decrypt(sealed.subarray(24))));
    const { key: text, title, shown } = v as Record<string, unknown>;
    const film = fromBase64url(text, 32);
    if (!film) return null;
    return {
      key: film,
      title: typeof title === "string" ? title : "",
      shown: Array.isArray(shown) ? shown.filter((s): s is string => typeof s === "string") : [],
    };
  } catch {
    return null; // wrong key, wrong clip, changed bytes: the person is told the same
  }
}
