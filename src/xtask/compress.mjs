// node compress.mjs FROM TO: writes FILE.br and FILE.gz into TO for every file of the site that compresses.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [from, to] = process.argv.slice(2);
const files = (dir) =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(join(dir, entry.name)) : [join(dir, entry.name)],
  );

rmSync(to, { recursive: true, force: true });
for (const file of files(from)) {
  const bytes = readFileSync(file);
  const name = join(to, relative(from, file));
  mkdirSync(dirname(name), { recursive: true });
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const twins = { br: brotliCompressSync(bytes, { params }), gz: gzipSync(bytes, { level: 9 }) };
  for (const [kind, twin] of Object.entries(twins)) {
    if (twin.length < bytes.length) writeFileSync(`${name}.${kind}`, twin);
  }
}
