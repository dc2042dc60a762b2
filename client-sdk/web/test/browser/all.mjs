// Plays every situation of server/pages' own test service in Chromium.
//
//   node test/browser/all.mjs [--shots DIR] [--only NAME]
//
// Needs Go, ffmpeg and Chromium, and the scripts built by `npm run build`.
import { spawn, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { drive, headings } from "./drive.mjs";
import { makeFilm, root } from "./film.mjs";

const { values: args } = parseArgs({ options: { shots: { type: "string" }, only: { type: "string" } } });

/** Situation of the test service, what must happen, and how to visit. */
const visits = [
  ["plays", "plays", {}],
  ["again", "plays", { worker: false, wrongPin: "none" }],
  ["tampered-middle", "damaged", {}],
  ["tampered-first", "damaged", { noFrame: true }],
  ["tampered-last", "truncated", { noFrame: true }],
  ["short-by-one", "truncated", { noFrame: true }],
  ["short-by-chunks", "truncated", { noFrame: true }],
  ["lying", "truncated", { noFrame: true }],
  ["lying", "truncated", { noFrame: true, worker: false }],
  ["tampered-middle", "damaged", { noFrame: true, worker: false }],
  ["wrong-key", "badkey", { noFrame: true }],
  ["wrong-clip", "badkey", {}],
  ["no-codec", "unplayable", {}],
  ["again", "incomplete", { change: (url) => url.slice(0, -9) }],
  ["again", "incomplete", { change: (url) => url.replace("#", "%23") }],
  ["again", "incomplete", { change: (url) => url.replace(/#.*/, "") }],
  ["again", "plays", { change: (url) => `${url}). Your PIN comes by phone`, wrongPin: "none", sideways: true }],
  ["again", "ended", { change: (url) => url.replace(/\/s\/.{22}/, "/s/AAAAAAAAAAAAAAAAAAAAAA") }],
  ["ending", "ended", { endDuring: true }],
  ["ending", "ended", {}],
  ["stopping", "stopped", {}],
  ["stopping-short", "stopped", { worker: false }],
  ["stopping-late", "stopped", { refused: true }],
  ["forgotten", "notstopped", {}],
  ["again", "network", {}],
  ["again", "noscript", {}],
  ["scanned", "inert", {}],
  ["reload", "reload", {}],
  ["leaving", "left", {}],
  ["easy", "easythrough", { change: (url) => url + ".e" }],
  ["busy", "busy", {}],
  ["unreached", "unreached", {}],
  ["large", "toolarge", { worker: false }],
  ["again", "oldbrowser", {}],
  ["paused", "paused", {}],
  ["locked", "locked", {}],
];

/** Every message that the page can show is met by some visit. */
function unmet() {
  const met = new Set(visits.map(([, expect]) => headings[expect]));
  const { messages } = JSON.parse(readFileSync(join(root, "server/pages/words/en.json"), "utf8")).live;
  return Object.keys(messages).filter((name) => !met.has(messages[name].heading));
}

async function startService(folder) {
  const binary = join(folder, "pages.test");
  execFileSync("go", ["test", "-c", "-o", binary, "./server/pages"], { cwd: root, stdio: "inherit" });
  const env = { ...process.env, ATTUNE_PAGES_SERVE: "127.0.0.1:0", ATTUNE_PAGES_FILM: makeFilm(folder) };
  const service = spawn(binary, { env, stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface(service.stdout), "line");
  return { service, links: JSON.parse(line) };
}

const folder = mkdtempSync(join(tmpdir(), "carer-film-"));
let failed = 0;
for (const name of unmet()) {
  console.log("FAIL no visit meets the message", name);
  failed++;
}
const { service, links } = await startService(folder);
try {
  for (const [name, expect, how] of visits) {
    if (args.only && args.only !== name && args.only !== expect) continue;
    const { url, pin } = links[name];
    const summary = await drive({
      url: how.change ? how.change(url) : url, pin, expect, shots: args.shots && join(args.shots, how.worker === false ? "no-worker" : ""),
      worker: how.worker ?? true, wrongPin: how.wrongPin ?? "203941", endDuring: how.endDuring && `${links.origin}/test/end/${name}`,
      refused: how.refused && `${links.origin}/test/end/${name}`,
    });
    if (how.noFrame && summary.frames) summary.failures.push(`${summary.frames} frames were shown`);
    failed += summary.failures.length;
    const mark = summary.failures.length ? "FAIL" : "ok  ";
    console.log(mark, name, "→", expect, how.worker === false ? "(no worker)" : "", summary.failures.join("; "));
    if (expect === "plays") console.log("    ", JSON.stringify({ ...summary, failures: undefined, console: undefined }));
  }
  const report = await (await fetch(`${links.origin}/test/report`)).json();
  for (const w of report.wrong) console.log("FAIL service saw:", w);
  failed += report.wrong.length;
  for (const [name, want] of [["scanned", 0], ["reload", 1]]) {
    if (args.only || (report.opened[name] ?? 0) === want) continue;
    console.log(`FAIL ${name} was opened ${report.opened[name]} times, want ${want}`);
    failed++;
  }
  if (report.asked.scanned) {
    console.log("FAIL a scanner had the link opened");
    failed++;
  }
} finally {
  service.stdin.end();
  await once(service, "exit");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
