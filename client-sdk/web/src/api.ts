/**
 * What the page asks of the service: to open a link, the one request that
 * carries proof of link and PIN, and to stop.
 */
import { fromBase64url, toBase64url, type Bytes } from "./bytes.js";
import type { Proof } from "./link.js";

/** One line of the list of people who can watch, by role. */
export interface Viewer {
  /** `carer`, `team`, or the purpose for which the consent names somebody. */
  role: string;
  /** RFC 3339; empty where it has no end of its own. */
  until: string;
}

/** What a service answers to a good opening. */
export interface Opened {
  session: string;
  link: Bytes;
  clip: Bytes;
  sealed: Bytes;
  payloadBytes: number;
  media: string;
  codec: string;
  /** Length in seconds. */
  duration: number;
  /** When the link ends; null when the service did not say. */
  until: Date | null;
  viewers: Viewer[];
}

/** A service's no, or `offline` when there was no answer. */
export interface Refused {
  code: string;
  /** Tries left, with `pin_wrong`. */
  left?: number;
  /** Seconds, with `pin_paused`. */
  retryAfter?: number;
}

type Json = Record<string, unknown>;

/**
 * Asks the service to open a link. Called only when a person pressed the
 * button: each opening is counted and recorded.
 *
 * @param token - the 22 characters of the link
 * @param session - the session to ask for: with one that this page had shortly
 * before, it is the same opening
 * @returns what is needed to watch, or why not; never throws
 */
export async function openLink(token: string, proof: Proof, session: string): Promise<Opened | Refused> {
  const headers = { "Content-Type": "application/json", "Attune-Session": session };
  const reply = await press(`/s/${token}/open`, headers,
    JSON.stringify({ auth: toBase64url(proof.auth), pin: toBase64url(proof.pin) }));
  if (!reply) return { code: "offline" };
  const body = (await reply.json().catch(() => null)) as Json | null;
  if (!reply.ok) return refused(reply.status, body);
  return (body && opened(body)) || { code: "busy" };
}

/**
 * Asks the service to stop using the film. Safe to ask again: it is done once.
 *
 * @param session - of the opening, also when it may no longer watch
 * @returns null once all use has stopped, or why not; never throws
 */
export async function askToStop(token: string, session: string): Promise<Refused | null> {
  const reply = await press(`/s/${token}/stop`, { "Attune-Session": session });
  if (!reply) return { code: "offline" };
  if (reply.ok) return null;
  return refused(reply.status, (await reply.json().catch(() => null)) as Json | null);
}

/** Sends what a person pressed a button for; null when there was no answer. */
async function press(path: string, headers: Record<string, string>, body: string | null = null): Promise<Response | null> {
  try {
    return await fetch(path, {
      method: "POST",
      headers: { ...headers, "Attune-Page": "1" },
      body,
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      redirect: "error",
    });
  } catch {
    return null;
  }
}

function refused(status: number, body: Json | null): Refused {
  const known = typeof body?.code === "string" ? body.code : status === 404 ? "link_ended" : "busy";
  const no: Refused = { code: known };
  if (typeof body?.left === "number") no.left = body.left;
  if (typeof body?.retry_after === "number") no.retryAfter = body.retry_after;
  return no;
}

/** Reads a good answer; null when anything needed is missing. */
function opened(v: Json): Opened | null {
  const link = fromBase64url(v.link, 32);
  const clip = fromBase64url(v.clip, 32);
  const sealed = fromBase64url(v.sealed);
  if (typeof v.session !== "string" || typeof v.bytes !== "number" || !link || !clip || !sealed) return null;
  const until = new Date(text(v.until));
  return {
    session: v.session,
    link,
    clip,
    sealed,
    payloadBytes: v.bytes,
    media: text(v.media),
    codec: text(v.codec),
    duration: typeof v.duration === "number" ? v.duration : 0,
    until: Number.isNaN(until.getTime()) ? null : until,
    viewers: Array.isArray(v.viewers) ? v.viewers.map(viewer) : [],
  };
}

function viewer(v: Json | null): Viewer {
  return { role: text(v?.role), until: text(v?.until) };
}

function text(v: unknown): string {
  return typeof v === "string" ? v : "";
}
