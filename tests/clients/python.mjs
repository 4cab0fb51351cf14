// Clients in Python, by the interpreter that PYTHON names.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const interpreter = process.env.PYTHON;

// The options of a test that needs a package: skipped, with the reason, where there is none.
export function needsPython(name) {
  const usable = interpreter && existsSync(interpreter) && spawnSync(interpreter, ["-c", `import ${name}`]).status === 0;
  return { skip: usable ? false : `PYTHON names no interpreter that has ${name}` };
}

// Runs a script beside this file; what it prints is shown if it fails.
export async function python(script, port) {
  const child = spawn(interpreter, [script, String(port)], { cwd: new URL(".", import.meta.url) });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const code = await new Promise((resolve) => child.on("exit", resolve));
  assert.equal(code, 0, output);
}
