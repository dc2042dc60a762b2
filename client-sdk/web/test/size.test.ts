import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

/** Compressed bytes: what a carer's data allowance pays on a first visit. */
const size = (...files: string[]): number =>
  files.reduce((n, f) => n + gzipSync(readFileSync(`../../server/pages/${f}`), { level: 9 }).length, 0);

test("the worker is at most 10 KB", () => assert.ok(size("build/sw.js") <= 10_000, `${size("build/sw.js")}`));

test("the whole page is at most 40 KB", () => {
  // The page itself is its template and its words, the usual and the easy ones.
  const all = size("carer.html", "words/en.json", "words/en.easy.json", "build/app.css", "build/app.js", "build/sw.js");
  assert.ok(all <= 40_000, `${all}`);
});

test("the scripts name no other origin", () => {
  for (const f of ["app.js", "sw.js", "app.css"]) {
    assert.doesNotMatch(readFileSync(`../../server/pages/build/${f}`, "utf8"), /https?:\/\//, f);
  }
});
