// The client libraries that people use, doing what people do with them.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import Redis from "ioredis";
import { createClient } from "redis";
import { needsPython, python } from "./python.mjs";
import { start } from "./server.mjs";

let server;
before(async () => (server = await start()));
after(() => server.stop());

for (const RESP of [2, 3]) {
  describe(`node-redis, RESP${RESP}`, () => {
    let client;
    before(async () => {
      client = createClient({ RESP, name: "tester", socket: { port: server.port, host: "127.0.0.1" } });
      await client.connect();
      await client.flushAll();
    });
    after(() => client.close());

    it("introduces itself", async () => {
      assert.equal(await client.clientGetName(), "tester");
      assert.match((await client.clientInfo()).libName ?? "node-redis", /node-redis/);
      assert.equal(await client.ping(), "PONG");
      assert.equal(await client.echo("hällo"), "hällo");
    });

    it("keeps strings and counters", async () => {
      assert.equal(await client.set("greeting", "hello", { expiration: { type: "EX", value: 100 } }), "OK");
      assert.equal(await client.get("greeting"), "hello");
      const ttl = await client.ttl("greeting");
      assert.ok(ttl > 90 && ttl <= 100);
      assert.equal(await client.get("nothing"), null);
      assert.equal(await client.incr("visits"), 1);
      assert.equal(await client.incrBy("visits", 41), 42);
      assert.equal(Number(await client.incrByFloat("price", 10.5)), 10.5);
      assert.deepEqual(await client.mGet(["greeting", "nothing", "visits"]), ["hello", null, "42"]);
      assert.equal(await client.del(["greeting", "visits", "nothing"]), 2);
      assert.equal(await client.set("once", "1", { condition: "NX" }), "OK");
      assert.equal(await client.set("once", "2", { condition: "NX" }), null);
    });

    it("keeps collections", async () => {
      assert.equal(await client.hSet("user:1", { name: "Ada", born: "1815" }), 2);
      assert.deepEqual({ ...(await client.hGetAll("user:1")) }, { name: "Ada", born: "1815" });
      assert.deepEqual({ ...(await client.hGetAll("nobody")) }, {});
      assert.equal(await client.rPush("queue", ["a", "b", "c"]), 3);
      assert.deepEqual(await client.lRange("queue", 0, -1), ["a", "b", "c"]);
      assert.equal(await client.lPop("queue"), "a");
      assert.equal(await client.sAdd("tags", ["x", "y", "x"]), 2);
      assert.deepEqual([...(await client.sMembers("tags"))].sort(), ["x", "y"]);
      assert.equal(await client.zAdd("scores", [{ score: 1.5, value: "a" }, { score: 2, value: "b" }]), 2);
      assert.equal(await client.zScore("scores", "a"), 1.5);
      assert.deepEqual(await client.zRangeWithScores("scores", 0, -1), [
        { value: "a", score: 1.5 },
        { value: "b", score: 2 },
      ]);
    });

    it("pipelines, scans and reports errors", async () => {
      const numbers = Array.from({ length: 1000 }, (_, index) => index);
      await Promise.all(numbers.map((index) => client.set(`many:${index}`, index)));
      const found = [];
      for await (const keys of client.scanIterator({ MATCH: "many:*", COUNT: 100 })) found.push(...keys);
      assert.equal(new Set(found).size, 1000);
      await client.set("text", "abc");
      await assert.rejects(client.incr("text"), /ERR value is not an integer or out of range/);
      await assert.rejects(client.lPush("text", "x"), /WRONGTYPE/);
      await assert.rejects(client.sendCommand(["NONESUCH", "a"]), /unknown command 'NONESUCH', with args beginning with: 'a'/);
    });

    it("carries any bytes and much of them", async () => {
      const big = "ä".repeat(1_000_000);
      await client.set("big", big);
      assert.equal(await client.get("big"), big);
      assert.equal(await client.strLen("big"), 2_000_000);
      assert.equal(await client.set("line\r\nend", "\0\r\n"), "OK");
      assert.equal(await client.get("line\r\nend"), "\0\r\n");
    });
  });
}

describe("ioredis", () => {
  let redis;
  before(async () => {
    redis = new Redis({ port: server.port, host: "127.0.0.1", connectionName: "io", maxRetriesPerRequest: 1 });
    await redis.flushall();
  });
  after(() => redis.quit());

  it("connects with its ready check, selects and names", async () => {
    assert.equal(await redis.client("GETNAME"), "io");
    assert.equal(await redis.select(3), "OK");
    await redis.set("here", "1");
    assert.equal(await redis.select(0), "OK");
    assert.equal(await redis.get("here"), null);
  });

  it("pipelines", async () => {
    const results = await redis.pipeline().set("a", 1).incr("a").get("a").lpush("a", "x").exec();
    assert.deepEqual(results.slice(0, 3), [[null, "OK"], [null, 2], [null, "2"]]);
    assert.match(results[3][0].message, /WRONGTYPE/);
  });

  it("keeps collections and buffers", async () => {
    await redis.hset("h", { f: "v", g: "w" });
    assert.deepEqual(await redis.hgetall("h"), { f: "v", g: "w" });
    await redis.zadd("z", 3, "c", 1, "a", 2, "b");
    assert.deepEqual(await redis.zrange("z", 0, 1, "WITHSCORES"), ["a", "1", "b", "2"]);
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    await redis.set("bytes", bytes);
    assert.deepEqual(await redis.getBuffer("bytes"), bytes);
    const seen = [];
    for await (const keys of redis.scanStream({ match: "*" })) seen.push(...keys);
    assert.ok(seen.includes("bytes"));
  });

  it("expires", async () => {
    await redis.set("short", "lived", "PX", 30);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(await redis.get("short"), null);
  });
});

describe("redis-py", () => {
  it("does the same", needsPython("redis"), () => python("redis_py.py", server.port));
});
