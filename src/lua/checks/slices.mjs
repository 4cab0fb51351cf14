// Times the wasm build of slices.rs in this node: `node slices.mjs MODULE.wasm name=NATIVE_MS…`, the names in the order of the
// programs. `cargo xtask bench` makes a page of the same text with `bytes`, `native` and `say`, and has Chromium show it.
const ROUNDS = 5; // as slices.rs has it

function run(bytes, native, say, bunchMs) {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
  const slice = () => instance.exports.main(0, 0);
  let longest = 0;
  // Where the clock goes by tenths of a millisecond, slices are timed in bunches.
  const counts = [];
  const slices = (program) => {
    const took = [];
    const bunch = Math.max(1, Math.round((counts[program] ?? 1) / (native[program][1] / bunchMs)));
    let last = performance.now();
    let count = 0;
    for (let done = 0; done === 0; ) {
      done = slice();
      count++;
      if (done === 0 && count % bunch > 0) continue;
      const now = performance.now();
      took.push(now - last);
      longest = Math.max(longest, now - last);
      last = now;
    }
    counts[program] ??= count;
    return took;
  };
  const best = [];
  const long = native.length - 1;
  for (let round = 0; round < ROUNDS; round++) {
    for (let program = 0; program < long; program++) {
      const took = slices(program);
      // The first round counts slices, while the engine's own compiler is at work.
      if (round > 0) best[program] = took.map((ms, at) => Math.min(ms, best[program]?.[at] ?? ms));
    }
    if (round === 0) longest = 0;
  }
  counts[long] = 1e9 / 5000;
  best[long] = slices(long).sort((a, b) => a - b);
  best[long].fill(best[long][best[long].length >> 1]);
  const sums = best.map((took) => took.reduce((sum, ms) => sum + ms, 0));
  let product = 1;
  say(`${"".padEnd(10)} ${"wasm".padStart(9)} ${"native".padStart(9)}  ratio`);
  for (const [program, [name, ms]] of native.entries()) {
    const ratio = sums[program] / ms;
    product *= ratio;
    say(`${name.padEnd(10)} ${sums[program].toFixed(1).padStart(7)}ms ${ms.toFixed(1).padStart(7)}ms ${ratio.toFixed(2).padStart(6)}`);
  }
  say(`geometric mean ${Math.pow(product, 1 / native.length).toFixed(2)}, the longest bunch ${longest.toFixed(1)} ms`);
}

const pairs = (words) => words.map((pair) => pair.split("=")).map(([name, ms]) => [name, Number(ms)]);

if (typeof process !== "undefined" && process.argv?.[2]) {
  const { readFileSync } = await import("node:fs");
  run(readFileSync(process.argv[2]), pairs(process.argv.slice(3)), console.log, 0);
}
