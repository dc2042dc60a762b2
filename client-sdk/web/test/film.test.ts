import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { fromBase64url, toBase64url, type Bytes } from "../src/bytes.js";
import { Fault, type FaultKind } from "../src/fault.js";
import { Film, type Ticket } from "../src/film.js";
import { PULL_CHUNKS } from "../src/payload.js";
import { CHUNK_BYTES, chunkNonce, SEALED_CHUNK_BYTES, sealedRange, shapeOf } from "../src/stream.js";
import { vectors, type StreamVector } from "./vectors.js";

const all = vectors<StreamVector[]>("stream");
const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64url");

/** Builds a payload from the vector's words, not from the code under test. */
function payloadOf(v: StreamVector): Bytes {
  const plain = Uint8Array.from({ length: v.plain_bytes }, (_, i) => (i * 7) % 251);
  const parts = [Buffer.from(v.nonce, "base64url")];
  const chunks = Math.max(1, Math.ceil(plain.length / 65536));
  for (let i = 0; i < chunks; i++) {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(i, 7);
    nonce[11] = i === chunks - 1 ? 1 : 0;
    parts.push(Buffer.from(chacha20poly1305(fromBase64url(v.payload_key)!, nonce).encrypt(plain.subarray(i * 65536, (i + 1) * 65536))));
  }
  return new Uint8Array(Buffer.concat(parts));
}

interface Asked {
  start: number;
  end: number;
}

/**
 * A server of one payload that keeps its promises: a session, one exact range,
 * nothing else. `lie` may change an answer.
 */
function serve(payload: Uint8Array, asked: Asked[] = [], lie?: (nth: number) => Response | Error | null): typeof fetch {
  return async (_, init) => {
    const h = new Headers(init!.headers);
    assert.equal(h.get("Attune-Session"), "session");
    const m = /^bytes=(\d+)-(\d+)$/.exec(h.get("Range")!)!;
    const [start, end] = [Number(m[1]), Math.min(Number(m[2]) + 1, payload.length)];
    asked.push({ start, end });
    const other = lie?.(asked.length);
    if (other instanceof Error) throw other;
    if (other) return other;
    if (start >= payload.length) return new Response(null, { status: 416 });
    const headers = { "Content-Range": `bytes ${start}-${end - 1}/${payload.length}` };
    return new Response(payload.slice(start, end), { status: 206, headers });
  };
}

function ticket(v: StreamVector, payloadBytes: number): Ticket {
  return { token: "t", session: "session", key: fromBase64url(v.payload_key)!, payloadBytes, media: "video/mp4" };
}

async function read(film: Film, start: number, end: number): Promise<Uint8Array> {
  return new Uint8Array(await new Response(film.read(start, end)).arrayBuffer());
}

/** Runs what must fail and returns the kind of its fault. */
async function faultOf(run: () => Promise<unknown>): Promise<FaultKind> {
  try {
    await run();
  } catch (e) {
    if (e instanceof Fault) return e.kind;
    throw e;
  }
  throw new Error("nothing failed");
}

for (const v of all) {
  const payload = payloadOf(v);
  test(`payload of ${v.plain_bytes} bytes`, async () => {
    assert.equal(payload.length, v.payload_bytes);
    assert.equal(sum(payload), v.payload_sha256);
    assert.equal(shapeOf(v.payload_bytes).plainBytes, v.plain_bytes);
    const film = new Film(ticket(v, v.payload_bytes), () => {}, serve(payload));
    await film.check();
    if (v.plain_bytes > 0) assert.equal(sum(await read(film, 0, v.plain_bytes)), v.plain_sha256);
    for (const r of v.ranges) {
      if (r.bytes > 0) assert.equal(sum(await read(film, r.offset, r.offset + r.bytes)), r.sha256, `${r.offset}+${r.bytes}`);
    }
  });

  for (const d of v.damage) {
    // The page is handed the payload key, so a changed nonce is the one thing it cannot see, and does not need to.
    if (d.name === "nonce changed") continue;
    test(`${v.plain_bytes} bytes, ${d.name}`, async () => {
      const harmed = payload.slice(0, d.cut_to ?? payload.length);
      if (d.flip_at !== undefined) harmed[d.flip_at]! ^= 1;
      const kind = await faultOf(async () => {
        const film = new Film(ticket(v, harmed.length), () => {}, serve(harmed));
        await film.check();
        await read(film, 0, film.shape.plainBytes);
      });
      // An end that does not open is `truncated` here, and a film of which nothing opens `badkey`: the words say both.
      const allowed: FaultKind[] = d.error === "truncated" ? ["truncated"] : ["tampered", "truncated", "badkey"];
      assert.ok(allowed.includes(kind), kind);
    });
  }
}

const long = { ...all[0]!, plain_bytes: 40 * CHUNK_BYTES + 5 };
const longPayload = payloadOf(long);
const longFilm = (asked: Asked[], tell: (k: FaultKind) => void = () => {}, lie?: (nth: number) => Response | Error | null): Film =>
  new Film(ticket(long, longPayload.length), tell, serve(longPayload, asked, lie));

test("no byte comes out before the last chunk has passed", async () => {
  const cut = longPayload.slice(0, 16 + 40 * SEALED_CHUNK_BYTES);
  const told: FaultKind[] = [];
  const film = new Film(ticket(long, cut.length), (k) => told.push(k), serve(cut));
  const reader = film.read(0, film.shape.plainBytes).getReader();
  assert.equal(await faultOf(() => reader.read()), "truncated");
  assert.equal(await faultOf(() => film.check()), "truncated");
  assert.ok(told.every((k) => k === "truncated"));
});

test("a film found bad stays bad", async () => {
  const harmed = longPayload.slice();
  harmed[16 + 20 * SEALED_CHUNK_BYTES]! ^= 1;
  const film = new Film(ticket(long, harmed.length), () => {}, serve(harmed));
  assert.equal((await read(film, 0, 10)).length, 10);
  assert.equal(await faultOf(() => read(film, 20 * CHUNK_BYTES, 20 * CHUNK_BYTES + 1)), "tampered");
  assert.equal(await faultOf(() => read(film, 0, 10)), "tampered");
});

test("a player that stops reading stops the fetching", async () => {
  const asked: Asked[] = [];
  const film = longFilm(asked);
  const reader = film.read(0, film.shape.plainBytes).getReader();
  await reader.read();
  await new Promise((later) => setTimeout(later, 50));
  const most = 2 * PULL_CHUNKS * SEALED_CHUNK_BYTES + SEALED_CHUNK_BYTES; // one pull, one ahead, the last chunk
  assert.ok(asked.reduce((n, a) => n + a.end - a.start, 0) <= most);
  assert.ok(asked.every((a) => a.end - a.start <= PULL_CHUNKS * SEALED_CHUNK_BYTES));
  await reader.cancel();
});

test("a lost connection is taken up where it stopped", async () => {
  const asked: Asked[] = [];
  const film = longFilm(asked, () => {}, (nth) => (nth === 3 ? new TypeError("connection lost") : null));
  const got = await read(film, 0, film.shape.plainBytes);
  assert.equal(got.length, long.plain_bytes);
  assert.ok(got.every((b, i) => b === (i * 7) % 251));
});

test("a link that ends during the film says so, and a lost network does not mark it bad", async () => {
  const status = (n: number) => new Response("{}", { status: n });
  const ending = longFilm([], () => {}, (nth) => (nth > 2 ? status(404) : null));
  await ending.check();
  assert.equal(await faultOf(() => read(ending, 0, long.plain_bytes)), "ended");
  let down = true;
  const film = longFilm([], () => {}, () => (down ? status(503) : null));
  assert.equal(await faultOf(() => film.check()), "network");
  down = false;
  await film.check();
});

test("another object under the same address is found out", async () => {
  const grown = new Uint8Array(longPayload.length + 1);
  grown.set(longPayload);
  const film = new Film(ticket(long, longPayload.length), () => {}, serve(grown));
  assert.equal(await faultOf(() => film.check()), "truncated");
});

test("a key of another film fits nothing", async () => {
  const t = { ...ticket(long, longPayload.length), key: new Uint8Array(32) };
  assert.equal(await faultOf(() => new Film(t, () => {}, serve(longPayload)).check()), "badkey");
});

test("no film has these lengths", () => {
  for (const n of [0, 15, 16, 31, 16 + SEALED_CHUNK_BYTES + 1, 16 + SEALED_CHUNK_BYTES + 16, 2 ** 53, 40.5, NaN, -1]) {
    assert.throws(() => shapeOf(n), Fault, String(n));
  }
});

test("sizes past 32 bits", () => {
  const bytes = 16 + 2 ** 20 * SEALED_CHUNK_BYTES; // 64 GiB of film
  const s = shapeOf(bytes);
  assert.deepEqual(s, { payloadBytes: bytes, plainBytes: 2 ** 36, chunks: 2 ** 20 });
  assert.deepEqual(sealedRange(s, 2 ** 20 - 1, 2 ** 20 - 1), { start: bytes - SEALED_CHUNK_BYTES, end: bytes });
  assert.equal(toBase64url(chunkNonce(0x010203040506, true)), Buffer.from("000000000001020304050601", "hex").toString("base64url"));
});
