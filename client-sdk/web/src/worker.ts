/** The page's side of the worker: starting it, and handing the key over. */
import type { FaultKind } from "./fault.js";
import type { Ticket } from "./film.js";
import type { ToPage, ToWorker } from "./talk.js";

const SCRIPT = "/s/sw.js";
const READY_MS = 8000;

/** Present where Trusted Types are; TypeScript's own library may not know it. */
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}

/** The one URL that this page may turn into script. */
function scriptURL(): string {
  const types = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
  if (!types) return SCRIPT;
  const policy = types.createPolicy("attune-worker", {
    createScriptURL(url) {
      if (url !== SCRIPT) throw new TypeError("not the worker");
      return url;
    },
  });
  return policy.createScriptURL(SCRIPT) as string;
}

/**
 * Starts the worker and waits until it controls this page.
 *
 * @returns false where there is none, as in private windows of older browsers
 * and in pages opened inside a chat app
 */
export async function startWorker(): Promise<boolean> {
  const workers = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  if (!workers) return false;
  try {
    const reg = await workers.register(scriptURL(), { scope: "/s/", updateViaCache: "none" });
    return await within(READY_MS, controlled(workers, reg));
  } catch {
    return false;
  }
}

async function controlled(workers: ServiceWorkerContainer, reg: ServiceWorkerRegistration): Promise<true> {
  if (workers.controller) return true;
  return new Promise((done) => {
    workers.addEventListener("controllerchange", () => done(true), { once: true });
    // A forced reload leaves the page uncontrolled though the worker is active.
    reg.active?.postMessage({ kind: "claim" } satisfies ToWorker);
  });
}

function within(ms: number, wait: Promise<true>): Promise<boolean> {
  return Promise.race([wait, new Promise<false>((late) => setTimeout(() => late(false), ms))]);
}

/** Says one thing to the worker, if there is one. */
export function tellWorker(said: ToWorker): void {
  (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker?.controller?.postMessage(said);
}

/**
 * Listens to the worker.
 *
 * @param fault - called with each fault it reports
 * @param ticket - what to hand over when a restarted worker asks; null to refuse
 */
export function hearWorker(fault: (kind: FaultKind) => void, ticket: () => Ticket | null): void {
  (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker?.addEventListener("message", (e) => {
    const said = e.data as ToPage;
    if (said.kind === "fault") fault(said.fault);
    if (said.kind === "need") {
      const mine = ticket();
      e.ports[0]?.postMessage(mine?.token === said.token ? mine : null);
    }
  });
}
