// Runs the wasm build of hot_path.rs in this node and times its phases: `node hot_path.mjs MODULE.wasm`.
import { readFile } from "node:fs/promises";

const PHASES = ["GET", "SET", "INCR", "PING", "CALL", "EVAL"];
const REQUESTS = 16_000;
const ROUNDS = 500;

const bytes = await readFile(process.argv[2]);
const { instance } = await WebAssembly.instantiate(bytes, {});
const step = () => instance.exports.main(0, 0);
step(); // Builds the keyspace.
const best = PHASES.map(() => Infinity);
for (let round = 0; round < ROUNDS; round++) {
  for (const phase of PHASES.keys()) {
    const begun = performance.now();
    step();
    best[phase] = Math.min(best[phase], performance.now() - begun);
  }
}
for (const [phase, name] of PHASES.entries()) {
  console.log(`wasm   ${name.padEnd(6)} ${((best[phase] * 1e6) / REQUESTS).toFixed(1).padStart(6)} ns a request`);
}
