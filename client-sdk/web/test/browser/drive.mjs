// Drives one share link in Chromium, as a carer on a phone would.
//
//   node test/browser/drive.mjs --url URL --pin PIN [--shots DIR]
//        [--expect plays|ended|damaged|truncated|badkey|incomplete|locked|paused|unplayable|network|noscript|stopped|notstopped|
//                  inert|reload|left|easy|easythrough|busy|unreached|toolarge|oldbrowser]
//        [--wrong-pin 203941|none] [--no-worker] [--no-kill]
//
// Prints a JSON summary; exit 0 when all that was expected happened. The film
// must be played through a worker (unless --no-worker), sought, and fetched in
// part only; nothing secret may be in a request; no state may break WCAG 2.2 AA
// or the content security policy. CHROMIUM names the browser.
import { chromium } from "playwright-core";
import { parseArgs } from "node:util";
import { hkdfSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const phone = { width: 390, height: 844 };
/** What the page says in each situation that takes it over. */
export const headings = {
  ended: "This link has ended",
  damaged: "This film was changed or damaged",
  truncated: "Part of this film is missing",
  badkey: "This link does not fit the film",
  incomplete: "The link is incomplete",
  locked: "The PIN is locked",
  network: "You seem to be offline",
  unplayable: "Your phone cannot play this film",
  stopped: "We have stopped",
  notstopped: "Please ring us to stop",
  busy: "We are very busy just now",
  unreached: "You seem to be offline",
  toolarge: "Please use another browser",
  oldbrowser: "Your browser is too old",
};

/** Runs one visit and returns its summary; `failures` is empty when all was well. */
export async function drive(options) {
  const o = { expect: "plays", wrongPin: "203941", worker: true, kill: true, ...options };
  const visit = await enter(o);
  try {
    await script(visit, o);
  } catch (e) {
    visit.fail(`stopped: ${String(e.message).split("\n")[0]}`);
    await visit.shot("failed");
  } finally {
    await visit.leave();
  }
  const { summary } = visit;
  summary.ok = summary.failures.length === 0;
  return summary;
}

/** Opens a browser with a profile of its own and watches all that it sends and says. */
async function enter(o) {
  // Requests that the worker makes are watched too.
  process.env.PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS = "1";
  const profile = mkdtempSync(join(tmpdir(), "carer-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    headless: true,
    viewport: phone,
    deviceScaleFactor: 2,
    hasTouch: true,
    serviceWorkers: o.worker ? "allow" : "block",
    ignoreHTTPSErrors: true,
    javaScriptEnabled: o.expect !== "noscript",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const summary = { expect: o.expect, failures: [], axe: {}, requests: 0, payloadRequests: 0, payloadBytes: 0, console: [] };
  const fail = (text) => summary.failures.push(text);
  const secrets = secretsOf(o.url);
  context.on("request", (r) => watchRequest(r, summary, secrets, fail));
  page.on("console", (m) => {
    if (m.type() === "error") summary.console.push(m.text());
    if (/Content Security Policy|TrustedScript|Trusted Type/i.test(m.text())) fail(`policy: ${m.text()}`);
  });
  page.on("pageerror", (e) => fail(`script error: ${e.message}`));
  page.on("response", async (r) => {
    if (r.url().endsWith("/open") && r.ok()) summary.wholeBytes = (await r.json().catch(() => ({}))).bytes;
  });
  if (o.shots) mkdirSync(o.shots, { recursive: true });
  return {
    page, context, summary, fail,
    shot: (name, full = false) => o.shots && page.screenshot({ path: join(o.shots, `${name}.png`), fullPage: full }).catch(() => {}),
    async leave() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** What may be in no request: the fragment, its secret, and every key that stays on the phone. */
function secretsOf(url) {
  const fragment = new URL(url).hash.slice(1);
  if (fragment.length < 44) return fragment ? [fragment] : [];
  const secret = Buffer.from(fragment.slice(1, 44), "base64url");
  const wrap = Buffer.from(hkdfSync("sha256", secret, "", "attune/link/wrap/v1", 32));
  const pin = Buffer.from(hkdfSync("sha256", secret, "", "attune/link/pin/v1", 32));
  return [fragment.slice(1, 44), ...[secret, wrap, pin].flatMap((k) => [k.toString("base64url"), k.toString("hex")])];
}

function watchRequest(r, summary, secrets, fail) {
  summary.requests++;
  const headers = r.headers();
  const all = r.url() + JSON.stringify(headers) + (r.postData() ?? "");
  if (secrets.some((s) => all.includes(s))) fail(`secret in ${r.method()} ${new URL(r.url()).pathname}`);
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
  if (!r.url().endsWith("/payload")) return;
  summary.payloadRequests++;
  if (!range) return fail(`payload asked for without an exact range: ${headers.range}`);
  summary.payloadBytes += range[2] - range[1] + 1;
}

async function script(v, o) {
  const { page, fail } = v;
  if (o.expect === "oldbrowser") await page.addInitScript(() => Object.defineProperty(crypto, "subtle", { value: undefined }));
  await page.goto(o.url);
  if (o.expect === "oldbrowser") return expectMessage(v, o);
  if (o.expect === "inert") return scanned(v, o);
  if (/^easy/.test(o.expect)) return easyWords(v, o);
  if (o.expect === "noscript") return noscript(v);
  if (o.expect === "incomplete") return expectMessage(v, o);
  await page.waitForSelector("#start:not([hidden])");
  if (new URL(page.url()).hash) fail("fragment still in the address bar");
  await accessible(v, "before-pin");
  await v.shot("before-pin");
  if (o.expect === "plays" && o.wrongPin !== "none") await wrongPin(v, o.wrongPin);
  if (o.expect === "locked" || o.expect === "paused") return manyWrong(v, o);
  if (o.expect === "unreached") await v.context.setOffline(true);
  await typePin(page, o.pin);
  if (o.expect === "unreached" || o.expect === "busy") return againOpens(v, o);
  const state = await page.waitForSelector("#ready:not([hidden]), #message:not([hidden])");
  if ((await state.getAttribute("id")) === "message") return expectMessage(v, o);
  await accessible(v, "ready");
  await v.shot("ready");
  await v.shot("ready-full", true);
  if (o.expect === "reload") return reloads(v, o);
  await countFrames(page);
  if (o.sideways) await page.setViewportSize({ width: phone.height, height: phone.width });
  await page.tap("#watch-button");
  if (o.sideways) await filmInView(v);
  if (o.expect === "left") return left(v);
  if (o.expect === "network") return goesOn(v, o);
  if (o.expect === "stopped" || o.expect === "notstopped") return asksToStop(v, o);
  if (o.expect !== "plays") return expectFault(v, o);
  await plays(v, o);
  await finish(v);
}

/** On a phone that is held sideways, all of the film shows without a scroll. */
async function filmInView({ page, fail, shot }) {
  await page.waitForFunction(() => document.getElementById("film").currentTime > 0.3, null, { timeout: 30000 });
  const at = await page.$eval("#film", (f) => f.getBoundingClientRect().toJSON());
  if (at.top < -1 || at.bottom > phone.width + 1) fail(`held sideways, the film is from ${at.top} to ${at.bottom} of ${phone.width}`);
  await shot("sideways");
  await page.setViewportSize(phone);
}

async function noscript(v) {
  const text = await v.page.innerText("main");
  if (!text.startsWith("This page needs JavaScript") || text.includes("PIN")) v.fail(`without script: ${text}`);
  await v.shot("noscript");
}

/** Counts pictures that reached the screen, which outlasts stopping the player. */
async function countFrames(page) {
  await page.evaluate(() => {
    const film = document.getElementById("film");
    globalThis.framesShown = 0;
    const next = () => film.requestVideoFrameCallback(() => (globalThis.framesShown++, next()));
    next();
  });
}

const framesShown = (page) => page.evaluate(() => globalThis.framesShown);

/** Loses the service in mid-film, gets it back, and goes on from the same place. */
async function goesOn(v, o) {
  const { page } = v;
  await page.waitForFunction(() => document.getElementById("film").currentTime > 0.3);
  await fetch(new URL("/test/down", o.url), { method: "POST" });
  await video(page, (f) => (f.currentTime = f.duration * 0.6));
  await expectMessage(v, o);
  await fetch(new URL("/test/up", o.url), { method: "POST" });
  await page.tap("#again");
  await page.waitForFunction(() => {
    const f = document.getElementById("film");
    return f.currentTime > f.duration * 0.6 + 0.2 && f.currentTime < f.duration * 0.7;
  });
}

/**
 * Asks us to stop while the film plays, with the keyboard: once back out of the
 * question, then for good. Said to another page in the meantime (`revoked`), or
 * without a signal, it comes to the same.
 */
async function asksToStop(v, o) {
  const { page, fail } = v;
  const focused = () => page.evaluate(() => document.activeElement?.id);
  const asked = async (from) => {
    await page.focus(`#stop-${from}`);
    await page.keyboard.press("Enter");
    await page.waitForSelector("#ask:not([hidden])");
    if (!(await page.evaluate(() => document.activeElement?.closest("#ask") && document.activeElement.tagName === "H1"))) {
      fail(`focus is not on the question: ${await focused()}`);
    }
    if (!(await video(page, (f) => f.paused))) fail("the film plays on behind the question");
  };
  await page.waitForFunction(() => document.getElementById("film").currentTime > 0.3, null, { timeout: 30000 });
  await asked("watch");
  await accessible(v, "ask");
  await v.shot("ask");
  await page.keyboard.press("Tab");
  if ((await focused()) !== "stop-yes") fail(`the first stop of the keyboard is ${await focused()}`);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#watch:not([hidden])");
  if ((await focused()) !== "stop-watch") fail(`after "No, go back" the focus is on ${await focused()}`);

  let from = "watch";
  if (o.refused) { // play is refused in the meantime: the button is beside the message
    await fetch(o.refused, { method: "POST" });
    await video(page, (f) => ((f.currentTime = f.duration * 0.8), f.play().catch(() => {})));
    await page.waitForSelector("#message:not([hidden])", { timeout: 45000 });
    from = "message";
  }
  await asked(from);
  if (o.expect === "stopped") {
    await v.context.setOffline(true);
    await page.click("#stop-yes");
    await page.waitForSelector("#ask-error:not([hidden])");
    if (!(await page.textContent("#ask-error")).includes("not stopped yet")) fail("says nothing of a lost signal");
    await accessible(v, "ask-offline");
    await v.context.setOffline(false);
  }
  const answers = [];
  page.on("response", (r) => r.url().endsWith("/stop") && answers.push(r));
  await page.focus("#stop-yes");
  await page.keyboard.press("Enter");
  await expectMessage(v, o);
  await v.shot(`${o.expect}-full`, true);
  if (await video(page, (f) => f.readyState > 0 || !f.paused)) fail("the player was not stopped");
  if (o.expect === "notstopped") return;
  if (answers.length !== 1 || answers[0].status() !== 204) fail(`answered ${answers.map((r) => r.status())}`);
  if (!(await page.isVisible("#message-phone"))) fail("no phone number beside the message");
  if (await page.isVisible("#stop-message")) fail("asks to stop what has stopped");
  const again = await page.evaluate(async ([url, headers]) => (await fetch(url, { method: "POST", headers })).status,
    [answers[0].url(), { "Attune-Page": "1", "Attune-Session": answers[0].request().headers()["attune-session"] }]);
  if (again !== 204) fail(`pressed again, it answers ${again}`);
  if (await page.evaluate(() => sessionStorage.length)) fail("something is kept after stopping");
  await page.reload();
  await page.waitForSelector("#message:not([hidden])"); // no secret is left for a reload
}

async function typePin(page, pin) {
  await page.fill("#pin", pin);
  await page.tap("#open");
}

async function wrongPin(v, pin) {
  const { page } = v;
  await typePin(page, pin);
  await page.waitForSelector("#summary:not([hidden])");
  if ((await page.evaluate(() => document.activeElement?.id)) !== "summary") v.fail("focus is not on the error summary");
  await accessible(v, "pin-wrong");
  await v.shot("pin-wrong");
}

async function manyWrong(v, o) {
  const { page } = v;
  for (let i = 0; i < (o.expect === "locked" ? 11 : 6); i++) {
    const answer = page.waitForResponse((r) => r.url().endsWith("/open"));
    await typePin(page, "111111");
    await answer;
    await page.waitForSelector('#open[aria-disabled="false"], #message:not([hidden])', { state: "attached" });
  }
  if (o.expect === "locked") return expectMessage(v, o);
  const text = await page.textContent("#pin-error");
  if (!text.includes("Wait 15 minutes")) v.fail(`paused PIN says ${text}`);
  await v.shot("pin-paused");
}

const video = (page, f, arg) => page.$eval("#film", f, arg);

async function plays(v, o) {
  const { page, fail, summary } = v;
  const begun = Date.now();
  await page.waitForFunction(() => document.getElementById("film").currentTime > 0.3, null, { timeout: 30000 });
  summary.firstFrameMs = Date.now() - begun;
  summary.video = await video(page, (f) => ({ width: f.videoWidth, duration: f.duration }));
  if (!summary.video.width || !(await framesShown(page))) fail("no picture");
  await accessible(v, "playing");
  await page.waitForFunction(() => document.getElementById("film").currentTime > 2);
  await v.shot("playing");
  summary.seeks = [await seek(page, 0.5), await seek(page, 0.8)];
  if (o.worker && !(summary.payloadBytes < summary.wholeBytes)) {
    fail(`fetched ${summary.payloadBytes} of ${summary.wholeBytes} bytes`);
  }
  if (o.worker && o.kill) await killWorker(v);
}

/** Seeks to a share of the film and plays on from there; returns the time it took. */
async function seek(page, share) {
  const begun = Date.now();
  await video(page, (f, s) => {
    f.currentTime = f.duration * s;
    return new Promise((done, no) => {
      f.addEventListener("seeked", done, { once: true });
      setTimeout(() => no(new Error("seek took more than 20 s")), 20000);
    });
  }, share);
  const ms = Date.now() - begun;
  await video(page, (f) => f.play());
  const from = await video(page, (f) => f.currentTime);
  await page.waitForFunction((t) => document.getElementById("film").currentTime > t + 0.2, from, { timeout: 20000 });
  return ms;
}

/** Stops the worker, as browsers do when it was idle, and seeks again. */
async function killWorker(v) {
  const cdp = await v.context.newCDPSession(v.page);
  const states = [];
  cdp.on("ServiceWorker.workerVersionUpdated", (e) => states.push(...e.versions.map((s) => s.runningStatus)));
  await cdp.send("ServiceWorker.enable");
  await cdp.send("ServiceWorker.stopAllWorkers");
  await v.page.waitForTimeout(300);
  if (!states.includes("stopped")) v.fail(`worker was not stopped: ${states}`);
  const before = v.summary.payloadRequests;
  v.summary.seekAfterKillMs = await seek(v.page, 0.4); // not fetched so far
  if (v.summary.payloadRequests === before) v.fail("the seek after the stop needed no worker");
}

async function finish(v) {
  const { page, fail } = v;
  await page.tap("#finished");
  await page.waitForSelector("#done:not([hidden])");
  await accessible(v, "done");
  await v.shot("done");
  const left = await page.evaluate(() => ({ kept: sessionStorage.length, ready: document.getElementById("film").readyState }));
  if (left.kept || left.ready) fail(`kept after finishing: ${JSON.stringify(left)}`);
  await page.reload();
  await page.waitForSelector("#message:not([hidden])"); // no secret is left for a reload
  await exit(v);
}

/** The quick exit leads away and leaves no way back to this page. */
async function exit({ page, fail }) {
  const away = await page.$eval("#exit", (a) => a.href);
  const link = page.url();
  await page.route(away, (r) => r.fulfill({ contentType: "text/html", body: "<p>Weather</p>" }));
  await page.tap("#exit");
  await page.waitForURL(away);
  await page.goBack().catch(() => {});
  if (page.url() === link) fail("the quick exit can be undone with Back");
}

async function expectFault(v, o) {
  const { page, summary } = v;
  const shown = page.waitForSelector("#message:not([hidden])", { timeout: 45000 }).then(() => true);
  if (["damaged", "ended"].includes(o.expect)) void wander(page, o.endDuring);
  await shown;
  summary.frames = await framesShown(page);
  if (await video(page, (f) => f.readyState > 0 || !f.paused)) v.fail("the player was not stopped");
  await expectMessage(v, o);
}

/** Seeks about until a message shows: damage in the middle is found when it is reached. */
async function wander(page, endDuring) {
  for (let i = 0; i < 40; i++) {
    const share = [0.1, 0.3, 0.45, 0.49, 0.5, 0.51, 0.55, 0.7, 0.9][i % 9];
    await page.waitForTimeout(400).catch(() => {});
    if (i === 2 && endDuring) await fetch(endDuring, { method: "POST" });
    const more = await video(page, (f, s) => {
      if (f.readyState > 0) f.currentTime = f.duration * s;
      return !document.getElementById("watch").hidden;
    }, share).catch(() => false);
    if (!more) return;
  }
}

async function expectMessage(v, o) {
  const { page, fail } = v;
  await page.waitForSelector("#message:not([hidden])");
  const heading = await page.textContent("#message-heading");
  if (heading !== headings[o.expect]) fail(`message is "${heading}", want "${headings[o.expect]}"`);
  if ((await page.evaluate(() => document.activeElement?.id)) !== "message-heading") fail("focus is not on the message");
  if (!(await page.isVisible("#message-phone"))) fail("no phone number beside the message");
  await accessible(v, "message");
  await v.shot({ ended: "expired" }[o.expect] ?? o.expect);
}

/** The message of a request that failed, and the way on from it. */
async function againOpens(v, o) {
  const { page } = v;
  await expectMessage(v, o);
  await v.context.setOffline(false);
  await page.tap("#again");
  await page.waitForSelector("#start:not([hidden])");
  await typePin(page, o.pin);
  await page.waitForSelector("#ready:not([hidden])");
}

/**
 * What a link scanner does that runs script: it loads the page, waits, scrolls, and
 * presses what can be pressed, twice over, without a PIN.
 */
async function scanned(v, o) {
  const { page, fail } = v;
  await page.waitForSelector("#start:not([hidden])");
  const asked = [];
  v.context.on("request", (r) => r.method() !== "GET" && asked.push(`${r.method()} ${r.url()}`));
  for (let i = 0; i < 2; i++) {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.evaluate(() => {
      for (const b of document.querySelectorAll("main button, main summary")) if (b.checkVisibility()) b.click();
      document.getElementById("pin-form").requestSubmit();
    });
    await page.waitForTimeout(500);
    await page.reload();
    await page.waitForSelector("#start:not([hidden])");
  }
  // Prefetched and prerendered by another page of the same site.
  await page.evaluate((href) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "prefetch", href });
    document.head.append(link);
  }, o.url.replace(/#.*/, ""));
  await page.waitForTimeout(500);
  if (asked.length) fail(`asked without a person: ${asked}`);
}

/** A reload goes on with its opening; another browser has none left. */
async function reloads(v, o) {
  const { page, fail } = v;
  await page.reload();
  await page.waitForSelector("#start:not([hidden])");
  await typePin(page, o.pin);
  const state = await page.waitForSelector("#ready:not([hidden]), #message:not([hidden])");
  if ((await state.getAttribute("id")) !== "ready") return fail("a reload used up the opening");
  await page.tap("#watch-button");
  await page.waitForFunction(() => document.getElementById("film").currentTime > 0.3, null, { timeout: 30000 });
  const other = await v.context.newPage(); // a tab of its own keeps nothing of the first
  await other.goto(o.url);
  await other.fill("#pin", o.pin);
  await other.tap("#open");
  await other.waitForSelector("#message:not([hidden])");
  if ((await other.textContent("#message-heading")) !== headings.ended) fail("another tab opened it a second time");
  await other.close();
  await page.tap("#finished");
  await page.waitForSelector("#done:not([hidden])");
  if (await page.evaluate(() => sessionStorage.length)) fail("the opening is kept after finishing");
}

/** The quick exit, where the other page never comes: what is left of this one. */
async function left(v) {
  const { page, fail } = v;
  await page.waitForFunction(() => document.getElementById("film").currentTime > 0.3, null, { timeout: 30000 });
  const film = `${new URL(page.url()).pathname}/film`;
  const status = () => page.evaluate(async (path) => (await fetch(path, { headers: { Range: "bytes=0-9" } })).status, film);
  if ((await status()) !== 206) fail("the worker has no film before");
  await page.evaluate(() => sessionStorage.setItem("attune/words", "easy"));
  const away = await page.$eval("#exit", (a) => a.href);
  await page.route(away, (r) => r.fulfill({ status: 204 })); // stays on the page, as on a dead line
  await page.tap("#exit");
  await page.waitForTimeout(300);
  const now = await page.evaluate(() => ({
    blank: document.body.hidden && !document.body.checkVisibility(), kept: sessionStorage.length,
    film: document.getElementById("film").readyState, title: document.title,
    names: document.body.textContent.includes("Robin") || document.body.textContent.includes("tower"),
  }));
  if (!now.blank || now.kept || now.film || now.names || now.title !== "Private page") fail(`left behind: ${JSON.stringify(now)}`);
  if ((await status()) !== 404) fail("the worker still has the film's key");
  await v.shot("left");
}

/** Begins in easy words, changes over and back, and goes on so after a reload; then through the whole page. */
async function easyWords(v, o) {
  const { page, fail } = v;
  const says = async (id, text) => {
    const got = await page.textContent(id);
    if (!got.includes(text)) fail(`${id} says "${got}", want "${text}"`);
  };
  await page.waitForSelector("#start:not([hidden])");
  await says("#start", "You said yes to the film.");
  await accessible(v, "easy");
  await v.shot("easy");
  await typePin(page, "1");
  await says("#pin-error", "The PIN is 6 numbers. Type it again.");
  await page.tap("#easier-off");
  if ((await page.evaluate(() => document.activeElement?.id)) !== "easier-on") fail("focus is lost with the button");
  await says("#start", "We made it with your agreement.");
  await says("#pin-error", "Your PIN is 6 numbers.");
  await page.reload();
  await page.waitForSelector("#start:not([hidden])");
  await says("#start", "We made it with your agreement.");
  await page.tap("#easier-on");
  if (await page.evaluate(() => document.cookie)) fail("there is a cookie");
  if (o.expect === "easy") return; // before the PIN: uses up no opening
  await typePin(page, o.pin);
  await page.waitForSelector("#ready:not([hidden])");
  await says("#viewers", "The person who guides our work");
  await says("#ready-heading", "Building a tower together");
  await accessible(v, "easy-ready");
  await v.shot("easy-ready", true);
  await page.tap("#easier-off");
  await says("#viewers", "Your practitioner’s supervisor");
  await says("#ready-heading", "Building a tower together");
  if (!(await page.title()).startsWith("Building a tower")) fail(`title is ${await page.title()}`);
  await page.tap("#easier-on");
  await fetch(new URL("/test/end/easy", o.url), { method: "POST" });
  await page.tap("#watch-button");
  await page.waitForSelector("#message:not([hidden])", { timeout: 30000 });
  await says("#message-text", "You cannot open the film with this link now.");
  await page.tap("#easier-off");
  await says("#message-text", "Its time may be over.");
}

/** Asks axe for WCAG 2.2 AA, then looks that nothing is cut off at 360 pixels and at double text. */
async function accessible(v, state) {
  const { page, fail, summary } = v;
  // Runs in the driver's own world: the page's policy is not loosened for it.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
  summary.axe[state] = violations.length;
  for (const a of violations) fail(`${state}: ${a.id} at ${a.nodes.map((n) => n.target).join(", ")}`);
  await page.setViewportSize({ width: 360, height: 740 });
  await narrow(v, state, "at 360 pixels");
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  await narrow(v, state, "with double text");
  await v.shot(`${state}-${summary.expect}-double`, true);
  await page.evaluate(() => (document.documentElement.style.fontSize = ""));
  await page.setViewportSize(phone);
  for (const small of await page.evaluate(smallTargets)) fail(`${state}: small target ${small}`);
}

async function narrow({ page, fail }, state, how) {
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.id || e.tagName));
  if (wide.length) fail(`${state}: too wide ${how}: ${wide}`);
}

/** Buttons, fields and the exit are at least 44 by 44. */
function smallTargets() {
  return [...document.querySelectorAll("button, input, #exit, summary")]
    .filter((e) => e.checkVisibility())
    .map((e) => ({ e, r: e.getBoundingClientRect() }))
    .filter(({ r }) => r.height < 44 || r.width < 44)
    .map(({ e, r }) => `${e.id || e.tagName} ${r.width}x${r.height}`);
}

if (process.argv[1]?.endsWith("drive.mjs")) {
  const { values: a } = parseArgs({
    options: {
      url: { type: "string" }, pin: { type: "string" }, shots: { type: "string" }, expect: { type: "string" },
      "wrong-pin": { type: "string" }, "no-worker": { type: "boolean" }, "no-kill": { type: "boolean" },
    },
  });
  const options = { url: a.url, pin: a.pin, shots: a.shots, worker: !a["no-worker"], kill: !a["no-kill"] };
  if (a.expect) options.expect = a.expect;
  if (a["wrong-pin"]) options.wrongPin = a["wrong-pin"];
  const summary = await drive(options);
  console.log(JSON.stringify(summary, null, 2));
  process.exit(summary.ok ? 0 : 1);
}
