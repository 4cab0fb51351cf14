// Clients that do not behave: none of them may hurt the server or the others.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command, raw, start, until } from "./server.mjs";

const MB = 1 << 20;
let server, witness;

/** Another client is served all the while. */
async function alive() {
  const before = witness.length();
  witness.send("PING\r\n");
  await until(() => witness.length() >= before + 7, "PONG", 5000);
}

before(async () => {
  server = await start();
  witness = await raw(server.port);
});
after(() => server.stop());

describe("hostile clients", () => {
  it("bytes one at a time", async () => {
    const client = await raw(server.port);
    for (const byte of Buffer.concat([command("SET", "slow", "value"), command("GET", "slow"), Buffer.from("PING\r\n")])) {
      client.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await client.expect("+OK\r\n$5\r\nvalue\r\n+PONG\r\n");
    client.close();
  });

  it("garbage", async () => {
    let state = 1;
    const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8;
    for (let round = 0; round < 300; round++) {
      const client = await raw(server.port);
      client.send(Buffer.from(Array.from({ length: random() % 3000 }, () => random() & 255)));
      if (round % 2) client.socket.end();
      client.close();
    }
    await alive();
  });

  it("protocol errors end the connection after the replies before them", async () => {
    const cases = [
      ["PING\r\n*1\r\n:1\r\n", "+PONG\r\n-ERR Protocol error: expected '$', got ':'\r\n"],
      ["*99999999999\r\n", "-ERR Protocol error: invalid multibulk length\r\n"],
      ["*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"],
      ["*1\r\n$600000000\r\n", "-ERR Protocol error: invalid bulk length\r\n"],
      ['SET k "unbalanced\r\n', "-ERR Protocol error: unbalanced quotes in request\r\n"],
      ["x".repeat(70_000), "-ERR Protocol error: too big inline request\r\n"],
    ];
    for (const [bytes, reply] of cases) {
      const client = await raw(server.port);
      client.send(bytes);
      await client.ended;
      assert.equal(client.received(), reply);
    }
  });

  it("a browser", async () => {
    const client = await raw(server.port);
    client.send("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nSET browser was-here\r\n");
    await client.ended;
    assert.equal(client.received(), "");
    witness.send("EXISTS browser\r\n");
    await witness.expect(":0\r\n");
  });

  it("requests that never end", async () => {
    const clients = [];
    for (let index = 0; index < 200; index++) {
      const client = await raw(server.port);
      client.send("*1000000000\r\n$3\r\nSET\r\n$500000000\r\nxyz");
      clients.push(client);
    }
    await alive();
    assert.ok(server.memoryMb() < 200, `${server.memoryMb()} MB`);
    for (const client of clients) client.close();
  });

  it("a huge value", async () => {
    const size = 100 * MB;
    const client = await raw(server.port);
    client.send(`*3\r\n$3\r\nSET\r\n$4\r\nhuge\r\n$${size}\r\n`);
    const piece = Buffer.alloc(MB, "x");
    for (let sent = 0; sent < size; sent += MB) {
      if (!client.send(piece)) await new Promise((resolve) => client.socket.once("drain", resolve));
    }
    client.send("\r\n");
    await until(() => client.length() === 5, "OK", 60_000);
    client.send("GET huge\r\n");
    await until(() => client.length() === 5 + `$${size}\r\n`.length + size + 2, "the value", 60_000);
    client.send("DEL huge\r\n");
    await until(() => client.length() === 5 + `$${size}\r\n`.length + size + 2 + 4, "DEL's reply");
    client.close();
    await alive();
  });

  it("a reader that does not read", async () => {
    witness.send(command("SET", "big", Buffer.alloc(MB, "x")));
    await witness.expect("+OK");
    const client = await raw(server.port);
    client.socket.pause();
    // Two gigabytes of replies are asked for, and none is read.
    client.send(Buffer.concat(Array.from({ length: 2000 }, () => command("GET", "big"))));
    await new Promise((resolve) => setTimeout(resolve, 500));
    await alive();
    assert.ok(server.memoryMb() < 400, `${server.memoryMb()} MB`);
    client.socket.resume();
    const whole = 2000 * (MB + `$${MB}\r\n\r\n`.length);
    await until(() => client.length() === whole, "all replies", 60_000);
    client.close();
    await alive();
  });

  it("a subscriber that does not read", async () => {
    const client = await raw(server.port);
    client.send("SUBSCRIBE news\r\n");
    await client.expect("subscribe");
    client.socket.pause();
    const message = command("PUBLISH", "news", Buffer.alloc(MB, "x"));
    const publisher = await raw(server.port);
    for (let round = 0; round < 60; round++) publisher.send(message);
    // 32 MB behind, it is dropped: the last messages reach nobody.
    await until(() => publisher.received().endsWith(":0\r\n"), "the subscriber's end", 20_000);
    assert.match(server.output, /scheduled to be closed ASAP for overcoming of output buffer limits/);
    client.close();
    publisher.close();
    await alive();
  });

  it("a million requests before the first reply is read", async () => {
    const client = await raw(server.port);
    client.socket.pause();
    const requests = Buffer.concat(Array.from({ length: 10_000 }, () => command("GET", "nothing")));
    for (let round = 0; round < 100; round++) {
      if (!client.send(requests)) await new Promise((resolve) => client.socket.once("drain", resolve));
    }
    client.socket.resume();
    await until(() => client.length() === 1_000_000 * 5, "all replies", 60_000);
    client.close();
  });

  it("many who come and go", async () => {
    for (let round = 0; round < 5; round++) {
      const clients = await Promise.all(Array.from({ length: 150 }, () => raw(server.port)));
      for (const client of clients) client.send("PING\r\n");
      for (const client of clients) await client.expect("+PONG");
      for (const client of clients) client.close();
    }
    await alive();
  });
});
