// Visits a page that plays a film in Chromium, twice: cold, with a new profile,
// and warm, when the browser has been there before and its worker was stopped.
//
//   node visit.mjs --package client-sdk/web/package.json --url URL [--pin PIN]
//
// With a PIN it is the carer page, else a plain page. Prints a line of JSON at
// each moment worth counting bytes at ("frame", "sought") and after each visit
// ("visit", with its times in milliseconds and its requests); after a visit it
// waits for a line on its input, so that connections can be dropped in between.
// Times are taken inside the page, from the event of the press to the moment at
// which the picture is shown; what this script itself takes is in none of them.
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values: o } = parseArgs({
  options: { package: { type: "string" }, url: { type: "string" }, pin: { type: "string" } },
});
process.env.PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS = "1"; // the worker's requests are requests too
const { chromium } = createRequire(resolve(o.package))("playwright-core");
/** Before each press people read what they press: this is fast for it, in milliseconds. */
const reading = 1000;
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Runs in the page before anything of its own: notes when what happens. */
function watchPage() {
  const marks = (globalThis.benchMarks = {});
  const note = (name) => (marks[name] ??= performance.now());
  document.addEventListener("click", (e) => note(`press ${e.target.closest("[id]")?.id}`), true);
  new MutationObserver((changes) => {
    for (const { target } of changes) if (!target.hidden) note(`shown ${target.id}`);
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["hidden"] });
  document.addEventListener("DOMContentLoaded", () => {
    note("parsed");
    const film = document.getElementById("film");
    const next = () => film.requestVideoFrameCallback((now, { mediaTime }) => {
      marks.frame ??= now;
      // After a seek, the first picture of the place that was sought.
      if (marks.seek && mediaTime >= marks.target - 0.2) marks.sought ??= now;
      next();
    });
    next();
  });
}

async function visit(context, name) {
  const page = await context.newPage();
  const requests = [];
  const begun = Date.now();
  const began = (r) => requests.push({ r, at: Date.now() - begun, range: r.headers().range ?? "" });
  context.on("request", began);
  await page.addInitScript(watchPage);
  await page.goto(o.url, { waitUntil: "domcontentloaded" });
  if (o.pin) {
    await page.waitForSelector("#start:not([hidden])");
    await page.waitForTimeout(reading);
    await page.fill("#pin", o.pin);
    await page.tap("#open");
    const state = await page.waitForSelector("#ready:not([hidden]), #message:not([hidden]), #summary:not([hidden])", { timeout: 30000 });
    const id = await state.getAttribute("id");
    if (id !== "ready") throw new Error(`the page says: ${await state.innerText()}`);
  }
  await page.waitForTimeout(reading);
  await page.tap("#watch-button");
  await page.waitForFunction(() => globalThis.benchMarks.frame, null, { timeout: 60000 });
  say({ event: "frame" });
  await page.waitForFunction(() => document.getElementById("film").currentTime > 2, null, { timeout: 60000 });
  await page.evaluate(() => {
    const film = document.getElementById("film");
    benchMarks.target = film.duration * 0.8;
    benchMarks.seek = performance.now();
    film.currentTime = benchMarks.target;
  });
  await page.waitForFunction(() => globalThis.benchMarks.sought, null, { timeout: 60000 });
  say({ event: "sought" });
  const marks = await page.evaluate(() => globalThis.benchMarks);
  context.off("request", began);
  say({ event: "visit", name, marks, requests: requests.map(({ r, at, range }) => {
    const t = r.timing();
    return { at, method: r.method(), path: new URL(r.url()).pathname, range, firstByte: t.responseStart, end: t.responseEnd };
  }) });
  await input.next();
  await stopWorkers(context, page);
  await page.close();
}

/** Stops the page's worker, as browsers do soon after: its start belongs to a visit. */
async function stopWorkers(context, page) {
  const cdp = await context.newCDPSession(page);
  await cdp.send("ServiceWorker.enable");
  await cdp.send("ServiceWorker.stopAllWorkers");
  await page.waitForTimeout(300);
}

const profile = mkdtempSync(join(tmpdir(), "bench-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  headless: true,
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  await visit(context, "cold");
  await visit(context, "warm");
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exit(0);
