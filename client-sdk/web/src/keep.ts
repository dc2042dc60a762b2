/**
 * Keeping the link's secret, and the session of its opening, through a reload of the
 * same tab, and no longer: the fragment is taken out of the address bar at once, so that it is in no
 * history, screenshot or shared address.
 *
 * A browser may write session storage to disk to restore a tab. Accepted: the
 * message with the same link is on the same phone.
 */

import { toBase64url } from "./bytes.js";

const name = (token: string): string => `attune/link/${token}`;
const opening = (token: string): string => `attune/opening/${token}`;

/** Takes the fragment out of the address bar. */
export function takeFragment(): string {
  const fragment = location.hash;
  if (fragment) history.replaceState(null, "", location.pathname);
  return fragment;
}

/** Keeps a fragment for a reload. Storage may be off: then a reload needs the link again. */
export function keep(token: string, fragment: string): void {
  put(name(token), fragment);
}

/** @returns the fragment kept for this link, or an empty text */
export function kept(token: string): string {
  return get(name(token));
}

/**
 * Keeps the session of an opening: with it, neither a reload nor an answer that was
 * lost on the way is another opening.
 */
export function keepOpening(token: string, session: string): void {
  asked.set(token, session);
  put(opening(token), session);
}

/** @returns the session to ask for: the one kept of this link's opening, or one drawn now and kept */
export function askedOpening(token: string): string {
  const known = asked.get(token) ?? get(opening(token));
  if (known) return known;
  const session = toBase64url(crypto.getRandomValues(new Uint8Array(32)));
  keepOpening(token, session);
  return session;
}

/** Where storage is off, a second press has the same session all the same. */
const asked = new Map<string, string>();

function put(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    /* storage is off */
  }
}

function get(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** Forgets everything that this tab keeps, of every link. */
export function forgetAll(): void {
  asked.clear();
  try {
    sessionStorage.clear();
  } catch {
    /* storage is off: nothing was kept */
  }
}

/** Forgets the fragment and the opening of this link. */
export function forget(token: string): void {
  asked.delete(token);
  try {
    sessionStorage.removeItem(name(token));
    sessionStorage.removeItem(opening(token));
  } catch {
    /* storage is off: nothing was kept */
  }
}
