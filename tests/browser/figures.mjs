// How long things take. The figures are printed, to be looked at: what else the machine does would decide whether they hold.
import { equal, journey } from "./harness.mjs";

/** What the program and the layout take, from the event until the page says it; a frame of the screen comes on top. */
async function stopwatch(page) {
  await page.evaluate(() => {
    globalThis.settled = (holds) => new Promise((done) => {
      const begun = performance.now();
      const channel = new MessageChannel();
      const look = () => {
        document.body.getBoundingClientRect();
        if (holds() || performance.now() > begun + 2000) done(performance.now() - begun); else channel.port2.postMessage(0);
      };
      channel.port1.onmessage = look;
      look();
    });
    globalThis.enter = (line, holds = () => true) => {
      const input = document.querySelector(".pane.active .field input");
      input.value = line;
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
      input.form.requestSubmit();
      return globalThis.settled(() => [...document.querySelectorAll(".pane.active .entry")].at(-1)?.textContent.includes(line) && holds());
    };
  });
  return async (act, argument) => {
    const times = [];
    for (let round = 0; round < 9; round += 1) {
      times.push(await page.evaluate(act, typeof argument === "function" ? argument(round) : argument ?? round));
      await page.waitForTimeout(60);
    }
    times.sort((a, b) => a - b);
    // What else the machine does only ever adds: the better times are judged.
    return { judged: times[2], words: `${times[4].toFixed(1)} ms (${times[0].toFixed(1)} to ${times[8].toFixed(1)})` };
  };
}

/** Figures to look at, not to fail by: what else the machine does would decide. */
function verdict(figure, most) {
  return `${figure.words}${figure.judged > most ? `, TOO SLOW (at most ${most} ms)` : ""}`;
}

journey("ten thousand keys: typing, sorting, opening", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await visitor.command("DEBUG POPULATE 10000 user", "OK");
  await page.getByText("10\u202f000 keys").waitFor();
  equal(await page.locator(".ledger li").count() < 120, true, "only lines on view are in the page");
  for (let batch = 0; batch < 10; batch += 1) {
    const members = Array.from({ length: 1000 }, (_, at) => `${at} m${batch * 1000 + at}`).join(" ");
    await visitor.command(`ZADD board ${members}`, "(integer) 1000");
  }
  const nine = await stopwatch(page);
  const typed = await nine(async (round) => {
    const begun = performance.now();
    await globalThis.enter(`SET user:${round} v`);
    return performance.now() - begun;
  });
  const opened = await nine(async () => {
    const begun = performance.now();
    document.querySelector("[data-at='0']").click();
    await globalThis.settled(() => document.querySelector(".opened .rungs li"));
    const took = performance.now() - begun;
    document.querySelector(".opened [aria-label='Back to all keys']").click();
    await globalThis.settled(() => !document.querySelector(".opened"));
    return took;
  });
  const scrolled = await nine(async (round) => {
    const begun = performance.now();
    const ledger = document.querySelector(".ledger");
    ledger.scrollTop = 40_000 + round * 20_000;
    const at = 1000 + round * 500;
    await globalThis.settled(() => document.querySelector(`[data-at="${at}"]`));
    return performance.now() - begun;
  });
  console.log(`        with 10 000 keys: from Enter to the reply ${verdict(typed, 16)}; a key of 10 000 members opens in ${verdict(opened, 50)}; a far scroll takes ${scrolled.words}`);
});

// Values of ten thousand elements, and strings of a megabyte: what makes them, what changes them, what shows that one is open.
const fill = (body) => `EVAL "for i=1,10000 do redis.call(${body}) end" 0`;
const large = {
  list: [[fill("'RPUSH','k','element:'..i")], "RPUSH k more#", ".elements li"],
  intset: [["CONFIG SET set-max-intset-entries 20000", fill("'SADD','k',i*7")], "SADD k 100000#", ".members .cell"],
  set: [[fill("'SADD','k','member:'..i")], "SADD k more#", ".members .cell"],
  hash: [[fill("'HSET','k','field:'..i,'value '..i")], "HSET k field:1 new#", ".fields dl"],
  "hash with deadlines": [[fill("'HSETEX','k','EX',1000+i,'FIELDS',1,'field:'..i,i")], "HSET k field:1 new#", ".fields dl"],
  "sorted set": [[fill("'ZADD','k',i,'member:'..i")], "ZINCRBY k 5 member:1", ".rungs li"],
  places: [[fill("'GEOADD','k',(i%100)/5-10,30+i/700,'place:'..i"), "GEODIST k place:1 place:2"], "GEOADD k 1 40 new#", ".spot"],
  stream: [[fill("'XADD','k',i..'-0','field','value '..i"), "XGROUP CREATE k g 0", "XREADGROUP GROUP g ann COUNT 1000 STREAMS k >"], "XADD k * field new#", ".entries li"],
  "vector set": [[fill("'VADD','k','VALUES','8',i%7,i%11,i%13,i%17,i%19,i%23,i%29,1,'e'..i")], "VADD k VALUES 8 1 2 3 4 5 6 7 8 new#", ".spot"],
  text: [[`EVAL "redis.call('SET','k',string.rep('all work and no play ',50000))" 0`], "APPEND k more#", ".prose"],
  bytes: [[`EVAL "redis.call('SET','k',string.rep(string.char(1,2,3,255),262144))" 0`], "SETRANGE k 3 x#", ".hex .line"],
  bitmap: [["SETBIT k 8388607 1", "SETBIT k 77 1"], "SETBIT k 78# 1", ".bits .line"],
  bitfield: [["SETRANGE k 1048575 x", "BITFIELD k SET u8 0 5 SET i16 #4 -7"], "BITFIELD k INCRBY u8 0 1", ".lanes .lane"],
  HyperLogLog: [[fill("'PFADD','k',i")], "PFADD k more# new# any# other# some#", ".registers path"],
};
journey("large values of every type: opening, changing, scrolling", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await visitor.command("DEBUG POPULATE 10000 user", "OK");
  await page.getByText("10\u202f000 keys").waitFor();
  await page.getByRole("searchbox", { name: "Show only keys that match" }).fill("k");
  const nine = await stopwatch(page);
  for (const [name, [makes, changes, shown]] of Object.entries(large)) {
    await visitor.command("DEL k", /^\(integer\) [01]$/);
    for (const line of makes) await visitor.command(line, /^(?!\(error\))/, 60_000);
    await visitor.key("k").first().waitFor();
    const opened = await nine(async (shown) => {
      const begun = performance.now();
      document.querySelector(".ledger [data-at='0']").click();
      await globalThis.settled(() => document.querySelector(`.opened ${shown}`));
      const took = performance.now() - begun;
      document.querySelector(".opened [aria-label='Back to all keys']").click();
      await globalThis.settled(() => !document.querySelector(".opened"));
      return took;
    }, shown);
    await page.getByRole("button", { name: "k", exact: true }).click();
    await page.locator(`.opened ${shown}`).first().waitFor();
    const changed = await nine(async (line) => {
      const begun = performance.now();
      const named = () => document.querySelectorAll(".opened .log-of-key li").length;
      const before = named();
      await globalThis.enter(line, () => document.querySelector(".opened.touched") && (before >= 30 || named() > before));
      return performance.now() - begun;
    }, (round) => changes.replaceAll("#", round));
    equal(await page.locator(".opened .stage *").count() < 3200, true, `only what is on view of ${name} is in the page`);
    const scrolls = await page.evaluate(() => [...document.querySelectorAll(".opened .windowed")].some((rows) => rows.scrollHeight > rows.clientHeight * 2));
    const scrolled = !scrolls ? { words: "does not scroll", judged: 0 } : await nine(async (round) => {
      const rows = document.querySelector(".opened .windowed");
      const { left, top, bottom } = rows.getBoundingClientRect();
      rows.scrollTop = (rows.scrollHeight * (round + 1)) / 11;
      // In the middle stands a row, and not the room that is left for those that are not in the page.
      return globalThis.settled(() => {
        const at = document.elementFromPoint(left + 60, (top + bottom) / 2);
        return at !== rows && at !== rows.firstElementChild && rows.contains(at);
      });
    });
    console.log(`        ${name}: opens in ${verdict(opened, 50)}; Enter to its changed picture ${verdict(changed, 16)}; a far scroll, waiting for a frame, ${verdict(scrolled, 50)}`);
    await page.getByRole("button", { name: "Back to all keys" }).click();
  }
});

journey("typing with a journal of half a megabyte", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await visitor.command("10500 APPEND log 0123456789", /more lines$/, 60_000);
  await visitor.command("GETRANGE log 0 3", '"0123"');
  await page.keyboard.press("Control+l");
  const nine = await stopwatch(page);
  const letters = await nine(async (round) => {
    const begun = performance.now();
    const input = document.querySelector(".pane.active .field input");
    input.value = `GET lo${"g".repeat(round + 1)}`;
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await globalThis.settled(() => document.querySelector(".pane.active .paint").textContent.startsWith(input.value));
    return performance.now() - begun;
  });
  const typed = await nine(async (round) => {
    const begun = performance.now();
    await globalThis.enter(`SET user:${round} v`);
    return performance.now() - begun;
  });
  const kept = () => page.evaluate(() => sessionStorage.getItem("rediscover.journal")?.length ?? 0);
  await visitor.until("the journal is kept", async () => await kept() > 480_000);
  console.log(`        with a journal of ${await kept()} bytes: a letter is painted in ${verdict(letters, 16)}, Enter to the reply takes ${verdict(typed, 16)}`);
});

journey("undo with ten thousand keys and ten thousand inputs", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await visitor.command("DEBUG POPULATE 10000 user", "OK");
  await visitor.command("10000 INCR counter", /more lines$/);
  const times = [];
  for (let round = 0; round < 9; round += 1) {
    await visitor.command(`SET user:${round} changed`, "OK");
    times.push(await page.evaluate(async (round) => {
      const last = () => [...document.querySelectorAll(".pane.active .entry")].at(-1)?.textContent ?? "";
      const begun = performance.now();
      document.querySelector("button[aria-label^='Undo']").click();
      while (last().includes(`SET user:${round} changed`) && performance.now() < begun + 5000) await new Promise((done) => setTimeout(done, 0));
      document.body.getBoundingClientRect();
      return performance.now() - begun;
    }, round));
    await page.waitForTimeout(60);
  }
  times.sort((a, b) => a - b);
  console.log(`        undo takes ${times[4].toFixed(1)} ms (${times[0].toFixed(1)} to ${times[8].toFixed(1)}; at most 50 ms${times[4] > 50 ? ", TOO SLOW" : ""})`);
  await visitor.command("GET counter", '"10000"');
});

journey("the first prompt comes at once when the page is known", {}, async (visitor) => {
  // Of five visits, because whatever else the machine does only ever adds.
  const limit_ms = 400;
  await visitor.page.addInitScript(() => {
    const look = () => {
      if (document.querySelector("[role=log]")) globalThis.promptAt = performance.now();
      else requestAnimationFrame(look);
    };
    look();
  });
  const times = [];
  for (let visit = 0; visit < 6; visit += 1) {
    await visitor.open();
    times.push(Math.round(await visitor.page.evaluate(() => globalThis.promptAt)));
    await visitor.page.goto("about:blank");
  }
  const best = Math.min(...times.slice(1));
  console.log(`        first prompt after ${times[0]} ms, with a warm cache after ${times.slice(1).join(", ")} ms`);
  if (best > limit_ms) throw new Error(`the first prompt comes after ${best} ms; ${limit_ms} are allowed`);
});
