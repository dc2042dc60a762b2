// A film of the size of a real one, so that ranges mean something: more than 5 MB.
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");

/** Makes it in a folder, and returns its path. */
export function makeFilm(folder) {
  const film = join(folder, "film.mp4");
  const clip = join(root, "client-sdk/film/testdata/visit.mp4");
  const h264 = ["-c:v", "libx264", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", "50",
    "-b:v", "1500k", "-minrate", "1500k", "-maxrate", "1500k", "-bufsize", "1500k", "-x264opts", "nal-hrd=cbr", "-c:a", "aac"];
  const source = existsSync(clip)
    ? ["-stream_loop", "-1", "-i", clip]
    : ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25", "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=44100"];
  execFileSync("ffmpeg", ["-v", "error", "-y", ...source, "-t", "60", ...h264, "-movflags", "+faststart", film], { stdio: "inherit" });
  if (statSync(film).size < 5 << 20) throw new Error("film is too small to mean anything");
  return film;
}
