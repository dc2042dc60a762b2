// Bundles the carer page's scripts and style into server/pages/build, from
// where the server embeds them; with --tests, bundles the unit tests instead.
//
// ES2020 is the floor: Safari 14 and later. No source maps: what is served is
// what a reader of the release compares with this source.
import { build } from "esbuild";
import { readdirSync, rmSync } from "node:fs";

const served = "../../server/pages/build/";
const common = { bundle: true, target: "es2020", legalComments: "none", charset: "utf8", logLevel: "warning" };

if (process.argv.includes("--tests")) {
  rmSync("dist/test", { recursive: true, force: true });
  await build({
    ...common,
    target: "node20",
    platform: "node",
    format: "esm",
    entryPoints: readdirSync("test").filter((n) => n.endsWith(".test.ts")).map((n) => "test/" + n),
    outdir: "dist/test",
    outExtension: { ".js": ".mjs" },
  });
} else {
  const page = { ...common, minify: true, format: "iife" };
  await Promise.all([
    build({ ...page, entryPoints: ["src/main.ts"], outfile: served + "app.js" }),
    build({ ...page, entryPoints: ["src/sw.ts"], outfile: served + "sw.js" }),
    build({ ...common, minify: true, entryPoints: ["../../server/pages/carer.css"], outfile: served + "app.css" }),
  ]);
}
