/**
 * Keeping the link's secret through a reload of the same tab, and no longer:
 * the fragment is taken out of the address bar at once, so that it is in no
 * history, screenshot or shared address.
 *
 * A browser may write session storage to disk to restore a tab. Accepted: the
 * message with the same link is on the same phone.
 */

const name = (token: string): string => `attune/link/${token}`;

/** Takes the fragment out of the address bar. */
export function takeFragment(): string {
  const fragment = location.hash;
  if (fragment) history.replaceState(null, "", location.pathname);
  return fragment;
}

/** Keeps a fragment for a reload. Storage may be off: then a reload needs the link again. */
export function keep(token: string, fragment: string): void {
  try {
    sessionStorage.setItem(name(token), fragment);
  } catch {
    /* storage is off */
  }
}

/** @returns the fragment kept for this link, or an empty text */
export function kept(token: string): string {
  try {
    return sessionStorage.getItem(name(token)) ?? "";
  } catch {
    return "";
  }
}

/** Forgets the fragment of this link. */
export function forget(token: string): void {
  try {
    sessionStorage.removeItem(name(token));
  } catch {
    /* storage is off: nothing was kept */
  }
}
