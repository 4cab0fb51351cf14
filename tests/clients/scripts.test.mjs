// Libraries whose heart is Lua: queues, locks and rate limiters, as people use them; and the scripts of the seeds.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Queue, QueueEvents, Worker } from "bullmq";
import Redis from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { createClient, defineScript } from "redis";
import Redlock from "redlock";
import { needsPython, python } from "./python.mjs";
import { start } from "./server.mjs";

let server;
let redis;
before(async () => {
  server = await start();
  redis = new Redis({ port: server.port, host: "127.0.0.1", maxRetriesPerRequest: null });
});
after(async () => {
  await redis.quit();
  await server.stop();
});

describe("BullMQ", () => {
  it("works off a queue: priorities, delays, retries, progress and failures", async () => {
    const connection = { port: server.port, host: "127.0.0.1" };
    const queue = new Queue("work", { connection });
    const events = new QueueEvents("work", { connection });
    await events.waitUntilReady();
    const seen = [];
    const attempts = new Map();
    const worker = new Worker(
      "work",
      async (job) => {
        attempts.set(job.name, (attempts.get(job.name) ?? 0) + 1);
        await job.updateProgress(50);
        if (job.name === "flaky" && attempts.get("flaky") < 3) throw new Error("not yet");
        if (job.name === "broken") throw new Error("never");
        seen.push(job.name);
        return { doubled: job.data.n * 2 };
      },
      { connection, autorun: false },
    );
    const jobs = await queue.addBulk([
      { name: "last", data: { n: 1 }, opts: { priority: 10 } },
      { name: "first", data: { n: 2 }, opts: { priority: 1 } },
      { name: "flaky", data: { n: 3 }, opts: { priority: 5, attempts: 3, backoff: { type: "fixed", delay: 20 } } },
      { name: "later", data: { n: 4 }, opts: { delay: 150 } },
      { name: "broken", data: { n: 5 }, opts: { priority: 20 } },
    ]);
    assert.deepEqual(await queue.getJobCounts("prioritized", "delayed"), { prioritized: 4, delayed: 1 });
    worker.run();
    const results = await Promise.allSettled(jobs.map((job) => job.waitUntilFinished(events, 20_000)));
    assert.deepEqual(
      results.map((result) => result.value?.doubled ?? result.reason.message),
      [2, 4, 6, 8, "never"],
    );
    assert.equal(seen[0], "first");
    assert.equal(attempts.get("flaky"), 3);
    assert.deepEqual(await queue.getJobCounts("completed", "failed", "waiting"), { completed: 4, failed: 1, waiting: 0 });
    const [failed] = await queue.getFailed();
    assert.equal(failed.failedReason, "never");
    await worker.close();
    await queue.obliterate({ force: true });
    assert.deepEqual(await redis.keys("bull:work:[0-9]*"), []);
    await events.close();
    await queue.close();
  });
});

describe("dramatiq", () => {
  it("works off a queue as Sidekiq has it", needsPython("dramatiq"), () => python("queues.py", server.port));
});

describe("redlock", () => {
  it("lets one in at a time", async () => {
    const redlock = new Redlock([redis], { retryCount: 0 });
    const lock = await redlock.lock("resource", 5000);
    await assert.rejects(redlock.lock("resource", 5000));
    const longer = await lock.extend(10_000);
    assert.ok((await redis.pttl("resource")) > 5000);
    await longer.unlock();
    await (await redlock.lock("resource", 1000)).unlock();
    assert.equal(await redis.exists("resource"), 0);
  });
});

describe("rate-limiter-flexible", () => {
  it("counts and blocks", async () => {
    const limiter = new RateLimiterRedis({ storeClient: redis, points: 3, duration: 5 });
    for (const left of [2, 1, 0]) assert.equal((await limiter.consume("user")).remainingPoints, left);
    await assert.rejects(limiter.consume("user"), (rejected) => rejected.remainingPoints === 0 && rejected.msBeforeNext > 0);
    assert.equal((await limiter.get("user")).consumedPoints, 4);
    await limiter.delete("user");
    assert.equal((await limiter.consume("user", 2)).remainingPoints, 1);
  });
});

describe("the seeds' scripts", () => {
  it("limits a rate, moves money, adds", async () => {
    const limit = `
      local count = tonumber(redis.call('GET', KEYS[1]) or 0)
      if count < tonumber(ARGV[1]) then
          redis.call('INCR', KEYS[1])
          redis.call('EXPIRE', KEYS[1], ARGV[2])
          return 'Allowed'
      else
          return 'Rate limit exceeded'
      end`;
    const answers = [];
    for (let turn = 0; turn < 4; turn++) answers.push(await redis.eval(limit, 1, "user:123:requests", 3, 60));
    assert.deepEqual(answers, ["Allowed", "Allowed", "Allowed", "Rate limit exceeded"]);
    const transfer = `
      local from_balance = tonumber(redis.call('GET', KEYS[1]))
      local to_balance = tonumber(redis.call('GET', KEYS[2]))
      if from_balance >= tonumber(ARGV[1]) then
          redis.call('SET', KEYS[1], from_balance - ARGV[1])
          redis.call('SET', KEYS[2], to_balance + ARGV[1])
          return 'Transfer successful'
      else
          return 'Insufficient funds'
      end`;
    await redis.mset("account1", 100, "account2", 0);
    assert.equal(await redis.eval(transfer, 2, "account1", "account2", 70), "Transfer successful");
    assert.equal(await redis.eval(transfer, 2, "account1", "account2", 70), "Insufficient funds");
    assert.deepEqual(await redis.mget("account1", "account2"), ["30", "70"]);
  });

  it("are known to clients as scripts and functions", async () => {
    redis.defineCommand("addTo", { numberOfKeys: 1, lua: "return redis.call('GET', KEYS[1]) + ARGV[1]" });
    await redis.set("key", "17");
    assert.equal(await redis.addTo("key", 25), 42);
    assert.equal(await redis.addTo("key", 26), 43);
    const parseCommand = (parser, key, number) => {
      parser.pushKey(key);
      parser.push(String(number));
    };
    const transformReply = (reply) => reply;
    const add = { NUMBER_OF_KEYS: 1, parseCommand, transformReply };
    const script = defineScript({ ...add, SCRIPT: 'return redis.call("GET", KEYS[1]) + ARGV[1];' });
    const socket = { port: server.port, host: "127.0.0.1" };
    const client = createClient({ socket, scripts: { add: script }, functions: { library: { add } } });
    await client.connect();
    assert.equal(await client.add("key", 25), 42);
    const code = `#!lua name=library
      redis.register_function{function_name = 'add', flags = {'no-writes'},
        callback = function(keys, args) return redis.call('GET', keys[1]) + args[1] end}`;
    assert.equal(await client.functionLoad(code, { REPLACE: true }), "library");
    assert.equal(await client.library.add("key", 25), 42);
    assert.equal((await client.functionList())[0].functions[0].name, "add");
    await client.close();
  });
});
