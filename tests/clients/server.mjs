// Starts the server under test on a free port, as tools do that wait for its log.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const program = process.env.SERVER;

export async function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** A process with `args`; `output` grows, `ended` settles with the exit code. */
export function launch(args, { input, cwd } = {}) {
  const child = spawn(program, args, { cwd, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  if (input !== undefined) child.stdin.end(input);
  const process = { child, output: "", ended: new Promise((resolve) => child.on("exit", (code) => resolve(code))) };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (process.output += data));
  return process;
}

/** Waits until `found()` is true. */
export async function until(found, what, milliseconds = 10_000) {
  const end = Date.now() + milliseconds;
  while (!(await found())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A server that accepts connections; `stop()` ends it. */
export async function start(...options) {
  const port = await freePort();
  const cwd = mkdtempSync(join(tmpdir(), "rediscover-"));
  const server = launch(["--port", String(port), "--save", "", ...options], { cwd });
  await until(() => server.output.includes("Ready to accept connections tcp"), `readiness:\n${server.output}`);
  const stop = async () => {
    server.child.kill("SIGTERM");
    await server.ended;
    rmSync(cwd, { recursive: true, force: true });
  };
  const memoryMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))[1]) / 1024;
  return { ...server, get output() { return server.output; }, port, cwd, stop, memoryMb };
}

/** A raw connection: `send`, `received()` so far, `ended` when the server has closed it. */
export async function raw(port, path) {
  const socket = path ? connect(path) : connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.setNoDelay(true);
  const chunks = [];
  let length = 0;
  socket.on("data", (data) => {
    length += data.length;
    if (length < 1 << 20) chunks.push(data);
  });
  const ended = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  return {
    socket,
    ended,
    send: (data) => socket.write(typeof data === "string" ? Buffer.from(data, "latin1") : data),
    received: () => Buffer.concat(chunks).toString("latin1"),
    length: () => length,
    close: () => socket.destroy(),
    async expect(text) {
      await until(() => this.received().includes(text), `${JSON.stringify(text)} in ${JSON.stringify(this.received())}`);
    },
  };
}

export function command(...words) {
  const parts = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = Buffer.isBuffer(word) ? word : Buffer.from(String(word));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(parts);
}
