/**
 * The carer page, told in order: take the secret out of the address, ask for
 * the PIN, open, show who can watch, play, finish; or stop.
 */
import { openLink, type Opened, type Refused } from "./api.js";
import type { Bytes } from "./bytes.js";
import { offerEasyWords } from "./easy.js";
import { kindOf, type FaultKind } from "./fault.js";
import type { Ticket } from "./film.js";
import { forget, forgetAll, keep, keepOpening, kept, askedOpening, takeFragment } from "./keep.js";
import { asksEasy, pinOf, prove, readFragment, tidyFragment, tokenOf, unseal, type Sealed } from "./link.js";
import { Player, type PlayerFault } from "./player.js";
import { StopButton } from "./stop.js";
import { blank, prepare } from "./ready.js";
import { fill, words, type MessageName } from "./strings.js";
import { el, message, pinError, say, sayAgain, show } from "./view.js";
import { MAX_WHOLE_BYTES, wholeFilm } from "./whole.js";
import { hearWorker, startWorker, tellWorker } from "./worker.js";

const fragment = tidyFragment(takeFragment()); // before anything else can fail or wait
const path = location.pathname;
const player = new Player(el<HTMLVideoElement>("film"), stopped);

const stop = new StopButton({ hold, stopped: leave });

/** What the page knows; null again once finished or ended. */
let ticket: Ticket | null = null;
/** What "ready" was written from, to be written again in other words. */
let shown: { opened: Opened; sealed: Sealed } | null = null;
/** A film found bad stays bad, even when the worker that found out was stopped. */
let bad: FaultKind | null = null;
let worker: Promise<boolean>;
/** What `worker` came to, known before the film can be asked for. */
let controlled = false;
/** Ends a whole-film fetch that nobody waits for any more. */
let fetching = new AbortController();

void begin();

async function begin(): Promise<void> {
  // The damaged form of a link, %23 for #, has the secret in the path: out of sight too.
  if (/%23/.test(path)) history.replaceState(null, "", "/s/");
  wireExit();
  const token = tokenOf(path);
  const text = fragment || (token ? kept(token) : "");
  offerEasyWords(asksEasy(text), redraw);
  if (!globalThis.crypto?.subtle || !globalThis.ReadableStream) return message("oldbrowser");
  const secret = await readFragment(text);
  if (!token || !secret) return message("incomplete");
  keep(token, text);
  worker = startWorker();
  hearWorker((fault) => (!el("watch").hidden || stop.asking) && stopped(fault), () => (bad ? null : ticket));
  wireForm(token, secret);
  el("watch-button").onclick = () => void watch();
  el("finished").onclick = el("finished-early").onclick = finish;
  show("start", false);
}

/** Writes again what the script wrote, in the words that are in use now. */
function redraw(): void {
  if (shown) prepare(shown.opened, shown.sealed);
  sayAgain();
}

/**
 * The quick exit works without script as a plain link; with it, it leaves no way
 * back, nothing in the tab, and an empty screen at once: on a slow line the other
 * page takes seconds to come, and somebody may be at the door now.
 */
function wireExit(): void {
  el("exit").onclick = (e) => {
    e.preventDefault();
    document.body.hidden = true;
    leave();
    stop.forget();
    shown = null;
    blank();
    forgetAll();
    location.replace(el<HTMLAnchorElement>("exit").href);
  };
}

function wireForm(token: string, secret: Bytes): void {
  const button = el<HTMLButtonElement>("open");
  el("pin-form").onsubmit = async (e) => {
    e.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    const pin = pinOf(el<HTMLInputElement>("pin").value);
    pinError(null);
    if (!/^[0-9]{6}$/.test(pin)) return pinError(() => words().pinShape);
    button.setAttribute("aria-disabled", "true");
    say("open", words().opening);
    await open(token, secret, pin);
    button.setAttribute("aria-disabled", "false");
    say("open", words().open);
  };
  el("summary-link").onclick = (e) => {
    e.preventDefault();
    el("pin").focus();
  };
}

async function open(token: string, secret: Bytes, pin: string): Promise<void> {
  const opened = await openLink(token, await prove(secret, pin), askedOpening(token));
  if ("code" in opened) return refuse(opened);
  keepOpening(token, opened.session);
  stop.ready(token, opened.session);
  el<HTMLInputElement>("pin").value = "";
  const sealed = await unseal(secret, opened.sealed, opened.link, opened.clip);
  if (!sealed) return stopped("badkey");
  ticket = { token, session: opened.session, key: sealed.key, payloadBytes: opened.payloadBytes, media: opened.media };
  const problem = await cannot(opened);
  if (problem) return complain(problem);
  // While they read who can watch, the worker opens the film's last chunk: no
  // picture may come before it, and a second request would wait for a second connection.
  if (controlled) tellWorker({ kind: "film", ticket });
  shown = { opened, sealed };
  prepare(opened, sealed);
  endAt(opened.until);
  show("ready");
}

/** Says before the press what would fail after it. */
async function cannot(opened: Opened): Promise<"unplayable" | "toolarge" | null> {
  const type = opened.codec ? `${opened.media}; codecs="${opened.codec}"` : opened.media;
  if (!el<HTMLVideoElement>("film").canPlayType(type)) return "unplayable";
  controlled = await worker;
  return !controlled && opened.payloadBytes > MAX_WHOLE_BYTES ? "toolarge" : null;
}

function refuse(no: Refused): void {
  if (no.code === "pin_wrong") return pinError(() => wrongPin(no.left));
  if (no.code === "pin_paused") return pinError(() => fill(words().pinPaused, { minutes: Math.ceil((no.retryAfter ?? 900) / 60) }));
  if (no.code === "pin_locked") return message("locked");
  if (no.code === "link_ended") return stopped("ended");
  message(no.code === "offline" ? "network" : "busy", () => show("start"));
}

function wrongPin(left: number | undefined): string {
  const w = words();
  if (left === 1) return w.pinWrongOnce;
  return left ? fill(w.pinWrong, { left }) : w.pinWrongPlain;
}

/** Plays; called by the press itself, so nothing is awaited before play where a worker answers. */
async function watch(from = 0): Promise<void> {
  if (!ticket) return stopped("ended");
  if (bad) return stopped(bad);
  show("watch");
  // A worker that was stopped since then asks for the ticket.
  if (controlled) return player.start(`/s/${ticket.token}/film`, from);
  fetching = new AbortController();
  const { signal } = fetching;
  el("fetching").hidden = false;
  try {
    const film = await wholeFilm(ticket, progress, signal);
    if (!signal.aborted) player.start(URL.createObjectURL(film), from);
  } catch (e) {
    if (!signal.aborted) stopped(kindOf(e));
  }
  el("fetching").hidden = true;
}

function progress(share: number): void {
  el<HTMLProgressElement>("progress").value = share;
}

/** Takes the film away and says why. */
function stopped(why: FaultKind | PlayerFault): void {
  if (bad) why = bad;
  const from = player.position;
  player.stop();
  if (why === "network") return stop.after(() => complain("network", () => void watch(from)));
  if (why !== "unplayable") {
    bad = why;
    leave();
  }
  const kind = why;
  stop.after(() => complain(kind));
}

/** Says why there is no film; somebody who opened the link can still ask us to stop. */
function complain(name: MessageName, again: (() => void) | null = null): void {
  message(name, again);
  stop.offer();
}

/** Holds the film while the carer is asked; one that is still being fetched would begin to play behind the question. */
function hold(): "ready" | null {
  player.pause();
  if (el("watch").hidden || el("fetching").hidden) return null;
  fetching.abort();
  return "ready";
}

/** The link ends while the page is open: the player may hold all of a short film. */
function endAt(until: Date | null): void {
  const left = (until?.getTime() ?? 0) - Date.now();
  if (left > 0 && left < 2 ** 31) setTimeout(() => ticket && stopped("ended"), left);
}

function finish(): void {
  leave();
  stop.forget();
  show("done");
}

/** Forgets the film: player, worker, key, and the secret kept for a reload. */
function leave(): void {
  player.stop();
  fetching.abort();
  tellWorker({ kind: "forget" });
  ticket = null;
  const token = tokenOf(path);
  if (token) forget(token);
}
