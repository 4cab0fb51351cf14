// Times the wasm build of slices.rs in this node: `node slices.mjs MODULE.wasm name=NATIVE_MS…`, the names in the order of the
// programs. In a browser `run` does the same with the module's bytes.
const ROUNDS = 5;

export function run(bytes, native, say) {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
  const slice = () => instance.exports.main(0, 0);
  const best = native.map(() => Infinity);
  let longest = 0;
  const time = (program) => {
    const begun = performance.now();
    let last = begun;
    for (let done = 0; done === 0; ) {
      done = slice();
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
    best[program] = Math.min(best[program], last - begun);
  };
  const long = native.length - 1;
  for (let round = 0; round < ROUNDS; round++) {
    for (let program = 0; program < long; program++) time(program);
    if (round === 0) longest = 0; // The engine's own compiler was at work.
  }
  time(long);
  let product = 1;
  say(`${"".padEnd(10)} ${"wasm".padStart(9)} ${"native".padStart(9)}  ratio`);
  for (const [program, [name, ms]] of native.entries()) {
    const ratio = best[program] / ms;
    product *= ratio;
    say(`${name.padEnd(10)} ${best[program].toFixed(1).padStart(7)}ms ${ms.toFixed(1).padStart(7)}ms ${ratio.toFixed(2).padStart(6)}`);
  }
  say(`geometric mean ${Math.pow(product, 1 / native.length).toFixed(2)}, the longest slice ${longest.toFixed(1)} ms`);
}

if (typeof process !== "undefined" && process.argv?.[2]) {
  const { readFile } = await import("node:fs/promises");
  const native = process.argv.slice(3).map((pair) => pair.split("=")).map(([name, ms]) => [name, Number(ms)]);
  run(await readFile(process.argv[2]), native, console.log);
}
