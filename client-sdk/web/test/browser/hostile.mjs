// Plays what a hostile operator answers, in Chromium: a real service, a real family, and a
// proxy that lies to the carer's page (client-sdk's TestHostileLinks, which has the list).
//
//   node test/browser/hostile.mjs [--shots DIR] [--only NAME]
//
// Needs what all.mjs needs.
import { spawn, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { drive } from "./drive.mjs";
import { makeFilm, root } from "./film.mjs";

const { values: args } = parseArgs({ options: { shots: { type: "string" }, only: { type: "string" } } });

async function startService(folder) {
  const binary = join(folder, "sdk.test");
  execFileSync("go", ["test", "-c", "-o", binary, "./client-sdk"], { cwd: root, stdio: "inherit" });
  const env = { ...process.env, ATTUNE_HOSTILE_LINKS: makeFilm(folder) };
  const service = spawn(binary, ["-test.run", "^TestHostileLinks$"], { cwd: join(root, "client-sdk"), env, stdio: ["pipe", "inherit", "pipe"] });
  const [line] = await once(createInterface(service.stderr), "line");
  return { service, links: JSON.parse(line) };
}

const folder = mkdtempSync(join(tmpdir(), "carer-lies-"));
let failed = 0;
const { service, links } = await startService(folder);
try {
  for (const [name, { url, pin, want }] of Object.entries(links)) {
    if (args.only && args.only !== name) continue;
    const summary = await drive({ url, pin, expect: want, wrongPin: "none", shots: args.shots });
    if (want !== "plays" && summary.frames && want !== "damaged") summary.failures.push(`${summary.frames} frames were shown`);
    failed += summary.failures.length;
    console.log(summary.failures.length ? "FAIL" : "ok  ", "hostile", name, "→", want, summary.failures.join("; "));
  }
} finally {
  service.stdin.end();
  await once(service, "exit");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
