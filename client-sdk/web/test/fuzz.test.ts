/**
 * What a stranger can hand to the page: an address, a range, an answer. Each is
 * changed at random from good ones, always in the same way: the seed is fixed, so
 * that a failure comes back.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64url, toBase64url, type Bytes } from "../src/bytes.js";
import { asksEasy, readFragment, tokenOf, unseal } from "../src/link.js";
import { wanted } from "../src/range.js";
import { vectors, type LinkVectors } from "./vectors.js";

const rounds = 3000;
const { good, refuse_fragment } = vectors<LinkVectors>("link");

/** A generator of numbers below `n` (mulberry32). */
function numbers(seed: number): (n: number) => number {
  return (n) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const letters = [..."AZaz09-_=+/ #%.e1\n\r\t\0é\u2028\uD800,", "bytes=", "%23", "/s/"];

/** Changes, drops, doubles or adds a letter, one to three times. */
function changed(text: string, any: (n: number) => number): string {
  for (let n = 1 + any(3); n > 0; n--) {
    const at = any(text.length + 1);
    const piece = [letters[any(letters.length)]!, "", text.slice(at, at + any(9))][any(3)]!;
    text = text.slice(0, at) + piece + text.slice(at + any(2));
  }
  return text;
}

test("a fragment is read in one spelling", async () => {
  const any = numbers(1);
  const seeds = [...good.map((v) => v.fragment), ...good.map((v) => `#${v.fragment}.e`), ...refuse_fragment.map((v) => v.fragment)];
  for (let i = 0; i < rounds; i++) {
    const fragment = changed(seeds[any(seeds.length)]!, any);
    const secret = await readFragment(fragment);
    if (!secret) continue;
    const bare = fragment.replace(/^#/, "").replace(/\.e$/, "");
    assert.equal(bare.slice(1, 44), toBase64url(secret), JSON.stringify(fragment));
    assert.equal(asksEasy(fragment), fragment.endsWith(".e"), JSON.stringify(fragment));
  }
});

test("base64url is read in one spelling", () => {
  const any = numbers(2);
  for (let i = 0; i < rounds; i++) {
    const text = changed(good[any(good.length)]!.l, any);
    const bytes = fromBase64url(text);
    if (bytes) assert.equal(toBase64url(bytes), text, JSON.stringify(text));
  }
});

test("a token is 22 letters and nothing around them", () => {
  const any = numbers(3);
  for (let i = 0; i < rounds; i++) {
    const path = changed("/s/lV_JJZJKUznUq2Dqw-H84w", any);
    const token = tokenOf(path);
    if (token !== null) assert.equal(path, `/s/${token}`);
  }
});

test("a range lies inside the film", () => {
  const any = numbers(4);
  const seeds = ["bytes=0-", "bytes=0-99", "bytes=-5", "bytes=999-1000", "bytes=5-1,7-9"];
  for (let i = 0; i < rounds; i++) {
    const size = 1 + any(2000);
    const header = changed(seeds[any(seeds.length)]!, any);
    const part = wanted(header, size);
    if (typeof part === "string") continue;
    assert.ok(Number.isInteger(part.start) && Number.isInteger(part.end), header);
    assert.ok(part.start >= 0 && part.start <= part.end && part.end <= size, `${JSON.stringify(header)} of ${size}: ${part.start} to ${part.end}`);
  }
});

test("what was sealed is opened as it was, or not at all", async () => {
  const any = numbers(5);
  const v = good[0]!;
  const secret = fromBase64url(v.l)!;
  for (let i = 0; i < 300; i++) {
    const sealed = new Uint8Array(fromBase64url(v.wrapped)!) as Bytes;
    const at = any(sealed.length);
    sealed[at]! ^= 1 << any(8);
    const [link, clip] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] as [Bytes, Bytes];
    assert.equal(await unseal(secret, sealed.subarray(0, any(2) ? sealed.length : any(sealed.length)) as Bytes, link, clip), null);
  }
});
