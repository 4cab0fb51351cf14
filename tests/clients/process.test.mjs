// The server as a process: how it is started, what it logs, how it stops. Tools rely on these.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { command, freePort, launch, raw, start, until } from "./server.mjs";

const folder = mkdtempSync(join(tmpdir(), "rediscover-process-"));

describe("starting", () => {
  it("tells its version and its usage", async () => {
    const version = launch(["--version"]);
    assert.equal(await version.ended, 0);
    assert.match(version.output, /\bv=8\.6\.\d+ sha=\S+ malloc=\S+ bits=64 build=\S+/);
    const help = launch(["-h"]);
    assert.equal(await help.ended, 1);
    assert.match(help.output, /^Usage: /);
  });

  it("logs in redis-server's format", async () => {
    const server = await start();
    for (const line of ["Server initialized", "Ready to accept connections tcp"]) {
      assert.match(server.output, new RegExp(`^${server.child.pid}:M \\d\\d [A-Z][a-z][a-z] \\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d{3} \\* ${line}$`, "m"));
    }
    await server.stop();
  });

  it("logs what scripts say, from the level on that is asked for", async () => {
    const server = await start();
    const client = await raw(server.port);
    const script = String.raw`redis.log(1,'hidden') redis.log(2,'a',nil,3.5,true,2^53,'b\0c') redis.log(3,true,'\255') redis.log(redis.LOG_WARNING,'end')`;
    for (const words of [["EVAL", script, "0"], ["CONFIG", "SET", "loglevel", "verbose"], ["EVAL", "redis.log(1,'seen')", "0"]]) {
      client.send(command(...words));
    }
    await client.expect("$-1\r\n+OK\r\n$-1\r\n");
    client.close();
    await until(() => server.output.includes("seen"), "the last line");
    const said = server.output.split("\n").map((line) => line.match(/ \d\d:\d\d:\d\d\.\d{3} ([-*#] .*)$/)?.[1]);
    assert.deepEqual(said.slice(said.indexOf("* a 3.5 9.007199254741e+15 b")).filter((line) => line && !/ed |connection/.test(line)), [
      "* a 3.5 9.007199254741e+15 b",
      "#  \ufffd",
      "# end",
      "- seen",
    ]);
    await server.stop();
  });

  it("reads a file, includes, quotes, and lets the command line win", async () => {
    const [port, unused] = [await freePort(), await freePort()];
    writeFileSync(join(folder, "part1.conf"), "databases 3\n");
    const text = `# a comment\r\n\r\n  PORT ${unused}\nbind "127.0.0.1" '::1'\nsave ""\ninclude ${folder}/part*.conf\nlogfile "${folder}/a log"\n`;
    writeFileSync(join(folder, "redis.conf"), text);
    const server = launch([join(folder, "redis.conf"), "--port", String(port)]);
    const log = () => (existsSync(join(folder, "a log")) ? readFileSync(join(folder, "a log"), "utf8") : "");
    await until(() => log().includes("Ready to accept connections tcp"), "the log file");
    const client = await raw(port);
    client.send("SELECT 2\r\nSELECT 3\r\n");
    await client.expect("+OK\r\n-ERR DB index is out of range\r\n");
    client.close();
    server.child.kill("SIGTERM");
    assert.equal(await server.ended, 0);
  });

  it("reads standard input", async () => {
    const port = await freePort();
    const server = launch(["-"], { input: `port ${port}\nsave ""\n` });
    await until(() => server.output.includes("Ready to accept"), "readiness");
    const client = await raw(port);
    client.send("PING\r\n");
    await client.expect("+PONG");
    client.close();
    server.child.kill("SIGINT");
    assert.equal(await server.ended, 0);
    assert.match(server.output, /signal-handler \(\d+\) Received SIGINT scheduling shutdown\.\.\.\n/);
    assert.match(server.output, /User requested shutdown\.\.\.\n/);
    assert.match(server.output, /ready to exit, bye bye\.\.\.\n/);
  });

  it("refuses what it does not understand", async () => {
    const cases = [
      [["--port", "abc"], `at line 2\n>>> 'port "abc"'\nargument couldn't be parsed into an integer\n`],
      [["--port", "70000"], "argument must be between 0 and 65535 inclusive\n"],
      [["--loglevel", "loud"], "argument(s) must be one of the following: debug, verbose, notice, warning, nothing\n"],
      [["--nonsense"], "at line 2\n>>> 'nonsense'\nBad directive or wrong number of arguments\n"],
      [["--save", "x"], "Invalid save parameters\n"],
      [["/nonexistent.conf"], "Fatal error, can't open config file '/nonexistent.conf': No such file or directory"],
      [["--port", "0"], "Configured to not listen anywhere, exiting."],
    ];
    for (const [args, complaint] of cases) {
      const server = launch(args);
      assert.equal(await server.ended, 1, args.join(" "));
      assert.ok(server.output.includes(complaint), server.output);
    }
  });

  it("does not share a port", async () => {
    const first = await start("--bind", "127.0.0.1");
    const second = launch(["--port", String(first.port), "--bind", "127.0.0.1"]);
    assert.equal(await second.ended, 1);
    assert.ok(second.output.includes(`Could not create server TCP listening socket 127.0.0.1:${first.port}: bind: Address already in use`));
    assert.ok(second.output.includes(`Failed listening on port ${first.port} (tcp), aborting.`));
    await first.stop();
  });

  it("listens on a unix socket and removes it", async () => {
    const path = join(folder, "redis.sock");
    const server = launch(["--port", "0", "--save", "", "--unixsocket", path, "--unixsocketperm", "700"]);
    await until(() => server.output.includes("Ready to accept connections unix"), "readiness");
    assert.equal(statSync(path).mode & 0o777, 0o700);
    const client = await raw(0, path);
    client.send(command("PING"));
    await client.expect("+PONG\r\n");
    client.close();
    server.child.kill("SIGTERM");
    assert.equal(await server.ended, 0);
    assert.ok(!existsSync(path));
  });

  it("goes into the background", async () => {
    const port = await freePort();
    const pidfile = join(folder, "redis.pid");
    chmodSync(folder, 0o755);
    const server = launch(["--port", String(port), "--save", "", "--daemonize", "yes", "--pidfile", pidfile], { cwd: folder });
    assert.equal(await server.ended, 0);
    await until(() => existsSync(pidfile) && readFileSync(pidfile, "utf8").trim(), "the pid file");
    const pid = Number(readFileSync(pidfile, "utf8"));
    const client = await raw(port);
    client.send("PING\r\n");
    await client.expect("+PONG");
    process.kill(pid, "SIGTERM");
    await client.ended;
    await until(() => !existsSync(pidfile), "the pid file's removal");
  });
});

describe("CONFIG", () => {
  it("knows what the command line said, and is followed while the server runs", async () => {
    const server = await start("--requirepass", "secret", "--hash-max-listpack-entries", "7", "--maxclients", "50");
    const client = await raw(server.port);
    client.send("GET x\r\nAUTH secret\r\nCONFIG GET hash-max-listpack-entries\r\n");
    await client.expect("-NOAUTH Authentication required.\r\n+OK\r\n*2\r\n$25\r\nhash-max-listpack-entries\r\n$1\r\n7\r\n");
    client.send("CONFIG SET maxclients 1\r\n");
    await client.expect("$1\r\n7\r\n+OK\r\n");
    const late = await raw(server.port);
    await late.expect("-ERR max number of clients reached\r\n");
    const port = await freePort();
    client.send(`CONFIG SET port ${port} maxclients 50\r\n`);
    await client.expect("+OK\r\n+OK\r\n");
    const moved = await raw(port);
    moved.send("AUTH secret\r\nPING\r\n");
    await moved.expect("+OK\r\n+PONG\r\n");
    await assert.rejects(raw(server.port));
    await server.stop();
  });
});

describe("limits", () => {
  it("lets in as many clients as it may", async () => {
    const server = await start("--maxclients", "2");
    const clients = [await raw(server.port), await raw(server.port)];
    for (const client of clients) client.send("PING\r\n");
    for (const client of clients) await client.expect("+PONG");
    const late = await raw(server.port);
    await late.expect("-ERR max number of clients reached\r\n");
    await late.ended;
    clients[0].close();
    await until(async () => {
      const next = await raw(server.port);
      next.send("PING\r\n");
      await until(() => next.received(), "any answer");
      next.close();
      return next.received() === "+PONG\r\n";
    }, "a place");
    clients[1].close();
    await server.stop();
  });

  it("closes idle clients", async () => {
    const server = await start("--timeout", "1");
    const begun = Date.now();
    const waiting = await raw(server.port);
    waiting.send("BLPOP queue 0\r\n");
    const client = await raw(server.port);
    await client.ended;
    assert.ok(Date.now() - begun > 900);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    waiting.send("");
    assert.ok(!waiting.socket.closed, "who waits for a key is not idle");
    waiting.close();
    await server.stop();
  });

  it("stops at SHUTDOWN", async () => {
    const server = await start();
    const client = await raw(server.port);
    client.send("SHUTDOWN NOSAVE\r\n");
    assert.equal(await server.ended, 0);
    assert.match(server.output, /User requested shutdown\.\.\.\n/);
    await server.stop();
  });
});
