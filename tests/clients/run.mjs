// `node run.mjs path/to/rediscover-server`: plays everything beside this file against that server. A redis-server may be
// named instead: what holds for ours must hold for a real one.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const server = process.argv[2] && resolve(process.argv[2]);
if (!server || !existsSync(server)) {
  console.error("usage: node run.mjs path/to/rediscover-server");
  process.exit(2);
}
const tests = ["libraries.test.mjs", "scripts.test.mjs", "process.test.mjs", "hostile.test.mjs"];
const { status } = spawnSync(process.execPath, ["--test", "--test-reporter=spec", "--test-timeout=120000", ...tests], {
  cwd: import.meta.dirname ?? new URL(".", import.meta.url).pathname,
  env: { ...process.env, SERVER: server },
  stdio: "inherit",
});
process.exit(status ?? 1);
