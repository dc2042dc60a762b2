/** Reading a player's Range header (RFC 9110 §14.1.2) against a known size. */

/**
 * `whole`: no range, or one that a server may ignore (other units, several
 * ranges, bad syntax); `unsatisfiable`: answer 416; otherwise start inclusive
 * and end exclusive, in bytes.
 */
export type Wanted = "whole" | "unsatisfiable" | { start: number; end: number };

/**
 * Reads one Range header.
 *
 * @param header - its value, or null when absent
 * @param size - length of the representation in bytes
 */
export function wanted(header: string | null, size: number): Wanted {
  const m = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/.exec(header ?? "");
  if (!m || (m[1] === "" && m[2] === "")) return "whole";
  if (m[1] === "") return suffix(Number(m[2]), size);
  const start = Number(m[1]);
  const last = m[2] === "" ? size - 1 : Number(m[2]);
  if (m[2] !== "" && last < start) return "whole";
  if (start >= size) return "unsatisfiable";
  return { start, end: Math.min(last + 1, size) };
}

function suffix(count: number, size: number): Wanted {
  return count === 0 || size === 0 ? "unsatisfiable" : { start: Math.max(0, size - count), end: size };
}
