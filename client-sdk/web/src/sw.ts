/**
 * The worker between the player and the server: it answers the player's ranges
 * of `/s/{token}/film` with film opened on this device. That path does not
 * exist on the server. It keeps nothing but in memory, and touches no other
 * request.
 */
import { Film, type Ticket } from "./film.js";
import { wanted } from "./range.js";
import type { ToPage, ToWorker } from "./talk.js";

declare const self: ServiceWorkerGlobalScope;

/** Films by the id of the page that watches; one page watches one film. */
const films = new Map<string, { token: string; film: Film }>();

/** How long a page may take to hand its key over after a restart. */
const ANSWER_MS = 5000;

const alone = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin" };

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));

self.addEventListener("message", (e) => {
  const said = e.data as ToWorker;
  const page = e.source as Client | null;
  if (!page?.id || new URL(page.url).origin !== self.location.origin) return;
  if (said.kind === "claim") e.waitUntil(self.clients.claim());
  if (said.kind === "forget") films.delete(page.id);
  if (said.kind === "film") e.waitUntil(take(page.id, said.ticket).then((f) => f?.check()).catch(() => {}));
});

self.addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  const token = /^\/s\/([A-Za-z0-9_-]{22})\/film$/.exec(url.pathname)?.[1];
  if (!token || url.origin !== self.location.origin) return;
  e.respondWith(answer(e.request, e.clientId, token));
});

/** Answers one request of the player with an exact range. */
async function answer(request: Request, page: string, token: string): Promise<Response> {
  // Opened as a page of its own the film would be a file to keep: only a player gets it.
  if (request.mode === "navigate") return new Response(null, { status: 403, headers: alone });
  const film = await filmFor(page, token);
  if (!film) return new Response(null, { status: 404, headers: alone });
  const size = film.shape.plainBytes;
  const want = wanted(request.headers.get("Range"), size);
  if (want === "unsatisfiable" || size === 0) {
    return new Response(null, { status: 416, headers: { ...alone, "Content-Range": `bytes */${size}` } });
  }
  const { start, end } = want === "whole" ? { start: 0, end: size } : want;
  const headers: Record<string, string> = {
    ...alone,
    "Accept-Ranges": "bytes",
    "Content-Length": String(end - start),
    "Content-Type": film.media,
  };
  if (want !== "whole") headers["Content-Range"] = `bytes ${start}-${end - 1}/${size}`;
  const body = request.method === "HEAD" ? null : film.read(start, end);
  return new Response(body, { status: want === "whole" ? 200 : 206, headers });
}

/** Finds the film of a page; asks the page when this worker was restarted. */
async function filmFor(page: string, token: string): Promise<Film | null> {
  const known = films.get(page);
  if (known) return known.token === token ? known.film : null;
  const client = page ? await self.clients.get(page) : await pageOf(token);
  return client ? take(client.id, await ask(client, token)) : null;
}

/** Some browsers name no client for a player's request: then the page at the film's own address. */
async function pageOf(token: string): Promise<Client | undefined> {
  const pages = await self.clients.matchAll({ type: "window" });
  return pages.find((p) => new URL(p.url).pathname === `/s/${token}`);
}

function ask(page: Client, token: string): Promise<Ticket | null> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((done) => {
    const late = setTimeout(() => done(null), ANSWER_MS);
    port1.onmessage = (e) => {
      clearTimeout(late);
      port1.close();
      done((e.data as Ticket | null)?.token === token ? (e.data as Ticket) : null);
    };
    page.postMessage({ kind: "need", token } satisfies ToPage, [port2]);
  });
}

/** Starts a film for a page, and forgets those of pages that have gone. */
async function take(page: string, ticket: Ticket | null): Promise<Film | null> {
  if (!ticket) return null;
  const tell = (fault: ToPage): void => void self.clients.get(page).then((p) => p?.postMessage(fault));
  try {
    const film = new Film(ticket, (fault) => tell({ kind: "fault", fault }));
    films.set(page, { token: ticket.token, film });
    const open = new Set((await self.clients.matchAll()).map((p) => p.id));
    for (const id of films.keys()) if (!open.has(id)) films.delete(id);
    return film;
  } catch {
    tell({ kind: "fault", fault: "truncated" });
    return null;
  }
}
