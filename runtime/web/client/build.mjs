// Bundles the pages' scripts and styles: node build.mjs FOLDER. Names carry a hash of the content,
// every text also lies there compressed, and manifest.json maps entry points to names and sizes.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { basename, extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = process.argv[2];

const result = await build({
  absWorkingDir: here,
  entryPoints: ["src/app.ts", "src/player.ts", "styles/app.css"],
  outdir: folder,
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome123", "firefox128", "safari17.5"],
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const entries = {};
for (const [output, { entryPoint, imports }] of Object.entries(result.metafile.outputs)) {
  if (!entryPoint) continue;
  entries[basename(entryPoint)] = {
    file: basename(output),
    imports: imports.filter((item) => item.kind === "import-statement").map((item) => basename(item.path)),
  };
}

for (const name of readdirSync(join(here, "static"))) {
  const content = readFileSync(join(here, "static", name));
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const file = `${basename(name, extname(name))}-${hash}${extname(name)}`;
  writeFileSync(join(folder, file), content);
  entries[name] = { file, imports: [] };
}

const sizes = {};
for (const name of readdirSync(folder)) {
  const content = readFileSync(join(folder, name));
  sizes[name] = { bytes: content.length };
  if (!/\.(js|css)$/.test(name)) continue;
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  const brotli = brotliCompressSync(content, options);
  writeFileSync(join(folder, `${name}.br`), brotli);
  writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  sizes[name].compressed = brotli.length;
}
writeFileSync(join(folder, "manifest.json"), JSON.stringify({ entries, sizes }, null, 2));
