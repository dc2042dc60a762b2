/** The shared vectors: made in Go, read by both languages. */
import { readFileSync } from "node:fs";

export interface LinkVectors {
  good: {
    l: string; fragment: string; id: string; auth: string; pin: string; pin_verifier: string;
    wrap_key: string; ad: string; plain: string; wrapped: string;
  }[];
  refuse_fragment: { name: string; fragment: string }[];
}

export interface StreamVector {
  plain_bytes: number;
  plain_sha256: string;
  nonce: string;
  payload_key: string;
  payload_bytes: number;
  payload_sha256: string;
  ranges: { offset: number; bytes: number; sha256: string }[];
  damage: { name: string; flip_at?: number; cut_to?: number; error: "truncated" | "damaged" }[];
}

/** Reads one file of client-sdk/vectors; npm runs tests in client-sdk/web. */
export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(`../vectors/${name}.json`, "utf8")) as T;
}
