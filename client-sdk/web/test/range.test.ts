import assert from "node:assert/strict";
import { test } from "node:test";
import { wanted } from "../src/range.js";

const rows: [string | null, number, ReturnType<typeof wanted>][] = [
  [null, 100, "whole"],
  ["bytes=0-", 100, { start: 0, end: 100 }],
  ["bytes=0-1", 100, { start: 0, end: 2 }], // Safari's first question
  ["bytes=99-99", 100, { start: 99, end: 100 }],
  ["bytes=50-1000", 100, { start: 50, end: 100 }],
  ["bytes=-30", 100, { start: 70, end: 100 }],
  ["bytes=-300", 100, { start: 0, end: 100 }],
  ["bytes=-0", 100, "unsatisfiable"],
  ["bytes=100-", 100, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=-1", 0, "unsatisfiable"],
  ["bytes=5-4", 100, "whole"], // invalid, so ignored
  ["bytes=-", 100, "whole"],
  ["bytes=0-1,5-6", 100, "whole"],
  ["items=0-1", 100, "whole"],
  ["bytes=4294967296-4294967297", 2 ** 33, { start: 2 ** 32, end: 2 ** 32 + 2 }],
];

for (const [header, size, want] of rows) {
  test(`${header} of ${size}`, () => assert.deepEqual(wanted(header, size), want));
}
