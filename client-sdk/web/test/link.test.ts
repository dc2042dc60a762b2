import assert from "node:assert/strict";
import { test } from "node:test";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { fromBase64url, join, toBase64url, type Bytes } from "../src/bytes.js";
import { asksEasy, derive, pinOf, prove, readFragment, tidyFragment, tokenOf, unseal } from "../src/link.js";
import { vectors, type LinkVectors } from "./vectors.js";

const { good, refuse_fragment } = vectors<LinkVectors>("link");
const bytes = (text: string): Bytes => fromBase64url(text)!;

for (const v of good) {
  test(`link ${v.id}`, async () => {
    const secret = (await readFragment(`#${v.fragment}`))!;
    assert.equal(toBase64url(secret), v.l);
    const proof = await prove(secret, v.pin);
    assert.equal(toBase64url(proof.auth), v.auth);
    assert.equal(toBase64url(proof.pin), v.pin_verifier);
    const key = await derive(secret, "attune/link/wrap/v1");
    assert.equal(toBase64url(key), v.wrap_key);
    const wrapped = bytes(v.wrapped);
    const plain = xchacha20poly1305(key, wrapped.subarray(0, 24), bytes(v.ad)).decrypt(wrapped.subarray(24));
    assert.equal(new TextDecoder().decode(plain), v.plain);
  });
}

for (const v of refuse_fragment) {
  test(`refused: ${v.name}`, async () => assert.equal(await readFragment(v.fragment), null));
}

test("easy words are asked for behind the checksum", async () => {
  const v = good[0]!;
  assert.equal(toBase64url((await readFragment(`#${v.fragment}.e`))!), v.l);
  assert.ok(asksEasy(`#${v.fragment}.e`));
  for (const other of ["", v.fragment, `${v.fragment}.f`, `${v.fragment}.ee`, `${v.fragment}e`, `${v.fragment.slice(0, -1)}.e`]) {
    assert.equal(asksEasy(other), false, other);
  }
  for (const bad of [`${v.fragment}.f`, `${v.fragment}.ee`, `${v.fragment}e`, `${v.fragment}.`, `${v.fragment.slice(0, -1)}.e`]) {
    assert.equal(await readFragment(bad), null, bad);
  }
});

test("content is opened only by its link and for its clip", async () => {
  const secret = bytes(good[0]!.l);
  const [link, clip, other] = [1, 2, 3].map((n) => new Uint8Array(32).fill(n)) as [Bytes, Bytes, Bytes];
  const nonce = new Uint8Array(24).fill(4);
  const content = { key: toBase64url(new Uint8Array(32).fill(5)), title: "Bath time", shown: ["Robin"] };
  const text = new TextEncoder().encode(JSON.stringify(content));
  const key = await derive(secret, "attune/link/wrap/v1");
  const sealed = join(nonce, xchacha20poly1305(key, nonce, join(link, clip)).encrypt(text));
  const open = await unseal(secret, sealed, link, clip);
  assert.deepEqual({ ...open, key: toBase64url(open!.key) }, content);
  assert.equal(await unseal(secret, sealed, link, other), null);
  assert.equal(await unseal(secret, sealed, other, clip), null);
  assert.equal(await unseal(bytes(good[1]!.l), sealed, link, clip), null);
  assert.equal(await unseal(secret, sealed.subarray(0, 30), link, clip), null);
});

test("the token is what stands between /s/ and a sound end", () => {
  assert.equal(tokenOf("/s/lV_JJZJKUznUq2Dqw-H84w"), "lV_JJZJKUznUq2Dqw-H84w");
  for (const path of ["/s/", "/s/short", "/s/lV_JJZJKUznUq2Dqw-H84w%231abc", "/s/lV_JJZJKUznUq2Dqw-H84w/"]) {
    assert.equal(tokenOf(path), null, path);
  }
});

test("base64url has one spelling", () => {
  for (let n = 0; n < 70; n++) {
    const some = Uint8Array.from({ length: n }, (_, i) => i * 37 + n);
    assert.equal(toBase64url(some), Buffer.from(some).toString("base64url"));
    assert.deepEqual(fromBase64url(toBase64url(some)), some);
  }
  for (const bad of ["A", "AB=", "AB==", "A+", "AB\n", "_9", 7, null]) assert.equal(fromBase64url(bad), null, String(bad));
  assert.equal(fromBase64url("AAAA", 4), null);
});

test("a link that was pasted with what stood round it", async () => {
  const whole = `#${good[0]!.fragment}`;
  const alone = whole.slice(1);
  for (const after of ["", ".", ")", ",", ">", '"', "?utm_source=x", "%20PIN%20123456", " - your film", "\u200b", "_", ".extra"]) {
    assert.equal(tidyFragment(whole + after), alone, after);
    assert.ok(await readFragment(tidyFragment(whole + after)), after);
  }
  for (const gap of [" ", "%20", "%0A", "\n", "%E2%80%8B"]) assert.equal(tidyFragment(whole.slice(0, 20) + gap + whole.slice(20)), alone);
  for (const after of ["", ".", ")"]) assert.ok(asksEasy(tidyFragment(`${whole}.e${after}`)), after);
  for (const bad of ["", "#", whole.slice(0, -1), whole.toUpperCase()]) assert.equal(await readFragment(tidyFragment(bad)), null, bad);
});

test("a PIN as people type it", () => {
  for (const typed of ["042917", "042 917", "042-917", " 042917\n", "PIN: 042917", "０４２９１７", "٠٤٢٩١٧", "۰۴۲۹۱۷", "০৪২৯১৭"]) {
    assert.equal(pinOf(typed), "042917", typed);
  }
  assert.equal(pinOf("O42917"), "42917"); // a letter is no digit
});
