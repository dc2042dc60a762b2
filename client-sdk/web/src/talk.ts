/**
 * What page and worker say to each other. The key travels here and nowhere
 * else: never into a request, a cache or a database.
 */
import type { FaultKind } from "./fault.js";
import type { Ticket } from "./film.js";

/** From the page. `claim` asks to be controlled after a forced reload. */
export type ToWorker = { kind: "film"; ticket: Ticket } | { kind: "forget" } | { kind: "claim" };

/**
 * From the worker. `need` comes with a message port, on which the page answers
 * with a {@link Ticket} or null: browsers stop idle workers, and with the
 * worker goes all that it knew.
 */
export type ToPage = { kind: "fault"; fault: FaultKind } | { kind: "need"; token: string };
