// What people do on the page, from one end to the other.
import { address, equal, journey, narrow, run, wide } from "./harness.mjs";
import "./scripts.mjs";

const expiry = "Keys that know when to die";

journey("first visit, lesson 1, expiry, undo, and progress after a reload", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open();
  await page.getByRole("heading", { level: 1, name: "A memory that many programs share" }).waitFor();
  await visitor.command("PING", "PONG");
  await visitor.command("GET session:0000", "(nil)");
  await visitor.task("Remember Grace", "to do");
  await visitor.command("SET session:c0de grace", "OK");
  await page.getByText("you have").first().waitFor();
  await visitor.task("Remember Grace", "to do");
  await visitor.command("SET session:c0de Grace", "OK");
  await visitor.task("Remember Grace", "done");
  for (const count of [1, 2, 3]) await visitor.command("INCR visits:tea", `(integer) ${count}`);
  await visitor.task("Count three visitors", "done");
  await visitor.key("session:c0de").getByText("Grace").waitFor();

  await visitor.lesson(expiry);
  await visitor.command("SET session:1 alice EX 60", "OK");
  await visitor.command("TTL session:1", /^\(integer\) (59|60)$/);
  await visitor.button(/^Next event/);
  await visitor.command("GET session:1", "(nil)");
  await visitor.command("TTL session:1", "(integer) -2");

  await visitor.command("SET otp:7 4711 EX 120", "OK");
  await visitor.task("A one-time code", "done");
  await visitor.key("otp:7").waitFor();
  await visitor.button(/^Undo/);
  await visitor.key("otp:7").waitFor({ state: "detached" });
  await visitor.replies("TTL session:1", "(integer) -2");
  await visitor.button(/^Redo/);
  await visitor.key("otp:7").waitFor();
  await visitor.replies("SET otp:7 4711 EX 120", "OK");
  await visitor.command("SET coupon:spring 20% KEEPTTL", "OK");
  await visitor.task("A new price, the same deadline", "done");
  await visitor.command("PERSIST session:ada", "(integer) 1");
  await visitor.task("Never mind", "done");

  await page.reload();
  await visitor.prompt().waitFor();
  await page.getByRole("heading", { level: 1, name: expiry }).waitFor();
  for (const task of ["A one-time code", "A new price, the same deadline", "Never mind"]) await visitor.task(task, "done");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Lessons" }).click();
  await page.getByRole("link", { name: /A memory that many programs share.*\(done\)/ }).waitFor();
  await page.getByRole("link", { name: new RegExp(`${expiry}.*\\(done\\)`) }).waitFor();
});

journey("keyboard only", {}, async (visitor) => {
  const { page } = visitor;
  const type = async (text) => {
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
  };
  const focused = () => page.evaluate(() => {
    const at = document.activeElement;
    return at?.getAttribute("aria-label") || at?.innerText?.trim() || at?.tagName || "";
  });
  const tabTo = async (name) => {
    for (let presses = 0; presses < 80; presses += 1) {
      await page.keyboard.press("Tab");
      if (name.test(await focused())) return;
    }
    throw new Error(`Tab never reaches ${name}`);
  };
  await visitor.open();
  await visitor.until("the prompt has the focus", () => visitor.prompt().evaluate((input) => input === document.activeElement));
  await type("SET session:c0de Grace");
  await visitor.replies("SET session:c0de Grace", "OK");
  await visitor.task("Remember Grace", "done");
  await page.keyboard.press("ArrowUp");
  equal(await visitor.prompt().inputValue(), "SET session:c0de Grace", "the line before");
  await page.keyboard.press("ArrowDown");
  equal(await visitor.prompt().inputValue(), "", "the line after the last one");
  await page.keyboard.press("Control+z");
  await visitor.key("session:c0de").waitFor({ state: "detached" });
  await page.keyboard.press("Control+y");
  await visitor.key("session:c0de").waitFor();
  await page.keyboard.press("Escape");
  await tabTo(/^Undo/);
  await page.keyboard.press("Enter");
  await visitor.key("session:c0de").waitFor({ state: "detached" });
  await tabTo(/^Lessons$/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Lessons" }).waitFor();
  await tabTo(new RegExp(expiry));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: expiry }).waitFor();
});

journey("an expiry can be watched, held, and gone back to", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await visitor.button("Pause");
  await visitor.command("SET a 1 EX 1", "OK");
  await visitor.command("TTL a", "(integer) 1");
  await page.waitForTimeout(1500);
  await visitor.command("GET a", '"1"');
  await visitor.button("One second on");
  await visitor.button("One second on");
  await visitor.command("GET a", "(nil)");
  await page.getByRole("slider", { name: "History" }).focus();
  await page.keyboard.press("Home");
  await visitor.key("a").waitFor({ state: "detached" });
  await page.keyboard.press("ArrowRight");
  await visitor.key("a").waitFor();
});

journey("a second client sees what the first one wrote", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await visitor.command("RPUSH queue a b c", "(integer) 3");
  await visitor.button("New client");
  const second = page.getByRole("region", { name: "client 2" });
  await second.getByRole("textbox").fill("LRANGE queue 0 -1");
  await second.getByRole("textbox").press("Enter");
  await second.getByRole("log").getByText('3) "c"').waitFor();
});

journey("commands, a key opened by keyboard, its picture, its table, what changes", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await visitor.command("RPUSH jobs wash dry iron", "(integer) 3");
  await visitor.command("HSET user:7 name Ada role admin", "(integer) 2");
  await visitor.command("SET visits 41", "OK");
  const focused = (name) => visitor.until(`${name} has the focus`, () =>
    page.evaluate((name) => document.activeElement?.textContent?.startsWith(name), name));
  await page.getByRole("button", { name: "jobs", exact: true }).focus();
  await page.keyboard.press("ArrowDown");
  await focused("user:7");
  await page.keyboard.press("End");
  await focused("visits");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "user:7" }).waitFor();
  await focused("user:7");
  await visitor.command("HSET user:7 role owner", "(integer) 0");
  const picture = page.getByRole("group", { name: "The fields of the hash" });
  await picture.locator(".fresh").filter({ hasText: "owner" }).waitFor();
  equal(await picture.locator(".fresh").count(), 1, "what the last command changed");
  await page.getByText("2 of 512 fields: 511 more and it becomes a hashtable").waitFor();
  await page.getByRole("button", { name: "Table" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: "role owner none just now" }).waitFor();
  await page.getByRole("button", { name: "HGETALL user:7" }).click();
  equal(await visitor.prompt().inputValue(), "HGETALL user:7", "the command that reads it");
  await page.getByRole("button", { name: "Back to all keys" }).focus();
  await page.keyboard.press("Escape");
  await focused("user:7");
  await visitor.key("user:7").getByText("owner").waitFor();
});

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
    return { median: times[4], words: `${times[4].toFixed(1)} ms (${times[0].toFixed(1)} to ${times[8].toFixed(1)})` };
  };
}

/** Figures to look at, not to fail by: what else the machine does would decide. */
function verdict(figure, most) {
  return `${figure.words}${figure.median > most ? `, TOO SLOW (at most ${most} ms)` : ""}`;
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
    const scrolled = !scrolls ? { words: "does not scroll", median: 0 } : await nine(async (round) => {
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

// Whatever the colours and the width, axe finds nothing, and there is a picture to look at.
const scenes = {
  first: async () => {},
  expiry: async (visitor) => {
    await visitor.lesson(expiry);
    await visitor.command("SET otp:7 4711 EX 120", "OK");
    await visitor.command("RPUSH cart:7 tea bread milk", "(integer) 3");
    await visitor.command("HSET user:123 name Jane age 30", "(integer) 2");
    await visitor.command("ZADD board 300 Bob 400 Charlie 500 Alice", "(integer) 3");
    await visitor.command("SADD tags warm paper ember", "(integer) 3");
    await visitor.command("INCR cart:7", /^\(error\) WRONGTYPE /);
  },
  opened: async (visitor) => {
    await visitor.lesson(expiry);
    await visitor.command("ZADD board 300 Bob 400 Charlie 500 Alice", "(integer) 3");
    const narrow = visitor.page.getByRole("button", { name: "Keyspace", exact: true });
    if (await narrow.isVisible()) await narrow.click();
    await visitor.page.getByRole("button", { name: "board", exact: true }).click();
    await visitor.command("ZINCRBY board 250 Bob", '"550"');
    await visitor.page.locator(".rungs .fresh").waitFor();
  },
  lessons: async (visitor) => {
    await visitor.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Lessons" }).click();
    await visitor.page.getByRole("heading", { level: 1, name: "Lessons" }).waitFor();
  },
  commands: async (visitor) => {
    await visitor.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Commands" }).click();
    await visitor.page.getByRole("heading", { level: 1 }).waitFor();
  },
};
for (const colorScheme of ["light", "dark"]) {
  for (const [width, viewport] of Object.entries({ wide, narrow })) {
    for (const [scene, set] of Object.entries(scenes)) {
      journey(`axe: ${scene}, ${colorScheme}, ${width}`, { colorScheme, viewport }, async (visitor) => {
        await visitor.open();
        await set(visitor);
        await visitor.picture(`${scene}-${colorScheme}-${width}`);
        await visitor.accessible();
      });
    }
  }
}

// What a first visit does not need is fetched when it is first needed, once.
const later = /_later\.wasm$/;

/** Counts how often the program's second half was asked for. */
function countLater(page) {
  const asked = { times: 0 };
  page.on("request", (request) => { if (later.test(request.url())) asked.times += 1; });
  return asked;
}

journey("a rare command is the first thing that is typed", {}, async (visitor) => {
  const { page } = visitor;
  const asked = countLater(page);
  await visitor.open("#/playground");
  await visitor.command("SET a 1", "OK");
  await visitor.command("GET a", '"1"');
  equal(asked.times, 0, "fetches for everyday commands");
  await visitor.command("GEOADD towns 13.36 38.11 Palermo 15.08 37.50 Catania", "(integer) 2");
  await visitor.command("GEODIST towns Palermo Catania km", /^"16\d\.\d+"$/);
  await visitor.command("HELP geodist", /summary: /);
  await visitor.command("2 PFADD visitors ada", /^\(integer\) 1\n\(integer\) 0$/);
  equal(asked.times, 1, "fetches for rare commands");
});

journey("the rest is fetched as soon as a rare command is named", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  const came = page.waitForResponse(later);
  await visitor.prompt().pressSequentially("PFADD ");
  await came;
  await page.getByText("since 2.8.9").waitFor();
  await page.getByText("Counts elements in").waitFor();
});

for (const [what, line, reply] of [
  ["HELP", "help get", /summary: /],
  ["a quoted and repeated command", '2 "pfadd" k a', /^\(integer\) 1\n\(integer\) 0$/],
  ["a rare subcommand", "CONFIG GET maxmemory", /maxmemory/],
]) {
  journey(`${what} comes first`, {}, async (visitor) => {
    await visitor.open("#/playground");
    await visitor.command(line, reply);
  });
}

journey("undo, transactions and a broken page across rare commands", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await visitor.command("MULTI", "OK");
  await visitor.command("PFADD visitors ada", "QUEUED");
  await visitor.command("GEOADD towns 13.36 38.11 Palermo", "QUEUED");
  await visitor.command("EXEC", "1) (integer) 1\n2) (integer) 1");
  await visitor.command("SETBIT bits 7 1", "(integer) 0");
  await visitor.button(/^Undo/);
  await visitor.key("bits").waitFor({ state: "detached" });
  await visitor.button(/^Undo/);
  await visitor.key("towns").waitFor({ state: "detached" });
  await visitor.button(/^Redo/);
  await visitor.button(/^Redo/);
  await visitor.key("bits").waitFor();
  await page.getByRole("slider", { name: "History" }).focus();
  await page.keyboard.press("Home");
  await visitor.key("towns").waitFor({ state: "detached" });
  await page.keyboard.press("End");
  await visitor.key("towns").waitFor();
  // The program is begun anew from its journal, which needs the second half at once.
  await page.evaluate(() => dispatchEvent(new ErrorEvent("error", { error: new WebAssembly.RuntimeError("a test") })));
  await page.getByRole("alert").waitFor();
  await visitor.key("towns").waitFor();
  await visitor.command("PFCOUNT visitors", "(integer) 1");
});

journey("a rare command without a connection", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await page.route(later, (route) => route.abort());
  await visitor.prompt().fill("PFADD visitors ada");
  await visitor.prompt().press("Enter");
  await page.getByText("could not be fetched").waitFor();
  equal(await visitor.prompt().inputValue(), "PFADD visitors ada", "the line that was kept");
  await visitor.command("SET a 1", "OK");
  await page.unroute(later);
  await visitor.command("PFADD visitors ada", "(integer) 1");
  const others = visitor.complaints.filter((complaint) => !/_later\.wasm|ERR_FAILED/.test(complaint));
  equal(others.join(), "", "complaints");
  visitor.complaints.length = 0;
});

journey("a rare command that is given up while it is fetched", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  let go;
  const held = new Promise((resolve) => { go = resolve });
  await page.route(later, async (route) => { await held; await route.continue(); });
  await visitor.prompt().fill("PFADD visitors ada");
  await visitor.prompt().press("Enter");
  await page.getByText("Fetching the rest of the server").waitFor();
  await visitor.button("Give up");
  equal(await visitor.prompt().inputValue(), "PFADD visitors ada", "the line that was kept");
  await visitor.prompt().press("Enter");
  await page.getByText("Fetching the rest of the server").waitFor();
  go();
  await visitor.replies("PFADD visitors ada", "(integer) 1");
  equal(await visitor.transcript().getByText("PFADD").count(), 1, "times the line stands in the transcript");
});

journey("what is typed while a lesson is on its way", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open();
  let go;
  const held = new Promise((resolve) => { go = resolve });
  await page.route("**/lesson.bin", async (route) => { await held; await route.continue(); });
  await page.evaluate(() => { location.hash = "#/learn/03-lifetime/01-expiry" });
  await page.getByRole("heading", { level: 1, name: expiry }).waitFor();
  await visitor.prompt().fill("SET early bird");
  await visitor.prompt().press("Enter");
  await page.getByText("The lesson is on its way").waitFor();
  await visitor.prompt().fill("GET ear");
  go();
  await visitor.replies("SET early bird", "OK");
  await visitor.task("A one-time code", "to do");
  equal(await visitor.prompt().inputValue(), "GET ear", "the line that was being typed");
  await visitor.prompt().pressSequentially("ly");
  await visitor.prompt().press("Enter");
  await visitor.replies("GET early", '"bird"');
  // The lesson's own keys are there as well: its stage was set first.
  await visitor.key("session:ada").waitFor();
});

journey("every lesson opens", {}, async (visitor) => {
  const { page } = visitor;
  await page.goto(`${address}#/lessons`);
  await page.getByRole("heading", { level: 1, name: "Lessons" }).waitFor();
  // The list is in the second module, so it comes after its heading.
  await page.locator('main a[href^="#/learn/"]').first().waitFor();
  const addresses = await page.locator('main a[href^="#/learn/"]').evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  if (addresses.length < 12) throw new Error(`only ${addresses.length} lessons`);
  for (const place of addresses) {
    await page.evaluate((place) => { location.hash = place }, place);
    await page.locator(".reading .lesson .task").first().waitFor();
  }
});

// What a client is in the middle of, in its pane: a transaction, a watched key, a subscription, a wait.
const standings = {
  transaction: async (visitor, other) => {
    await visitor.command("MULTI", "OK");
    await visitor.command("SET stock:1 9", "QUEUED");
    await visitor.command('RPUSH sold "one blue cup"', "QUEUED");
    await visitor.standing("Transaction", "2 commands wait for EXEC");
    await visitor.says("In a transaction, 2 commands queued.");
    await other("GET stock:1", "(nil)");
  },
  refused: async (visitor) => {
    await visitor.command("MULTI", "OK");
    await visitor.command("SET stock:1 9", "QUEUED");
    await visitor.command("INCR", "(error) ERR wrong number of arguments for 'incr' command");
    await visitor.command("INCR stock:1", "QUEUED");
    await visitor.standing("Transaction", "not queued: ERR wrong number of arguments");
    await visitor.standing("Transaction", "EXEC will run nothing (EXECABORT)");
    await visitor.says("A command was refused");
  },
  watched: async (visitor, other) => {
    await visitor.command("MSET stock:1 9 price:1 20", "OK");
    await visitor.command("WATCH stock:1 price:1", "OK");
    await visitor.standing("Watched keys", "stock:1unchanged");
    await visitor.says("Watches stock:1: unchanged.");
    await visitor.command("MULTI", "OK");
    await visitor.command("DECR stock:1", "QUEUED");
    await other("SET stock:1 0", "OK");
    await visitor.standing("Watched keys", "stock:1changed");
    await visitor.standing("Watched keys", "price:1unchanged");
    await visitor.standing("Transaction", "answer (nil): a watched key has changed");
    await visitor.says("Watches stock:1: changed.");
  },
  subscribed: async (visitor, other) => {
    await visitor.command("SUBSCRIBE news weather", /subscribe/);
    await visitor.command("PSUBSCRIBE news.*", /psubscribe/);
    await visitor.command("SSUBSCRIBE local", /ssubscribe/);
    await visitor.standing("Subscriptions", "weatherchannel");
    await visitor.standing("Subscriptions", "news.*pattern");
    await visitor.standing("Subscriptions", "localshard channel");
    await visitor.standing("Subscriptions", "Over RESP2");
    await visitor.says("Listens to pattern news.*.");
    await other("PUBLISH news.today rain", "(integer) 1");
    await visitor.transcript().getByText("rain").waitFor();
  },
  blocked: async (visitor) => {
    await visitor.prompt().fill("BLPOP jobs mail 60");
    await visitor.prompt().press("Enter");
    await visitor.standing("Blocked", "left, waiting for an element in jobs or mail");
    await visitor.says("Blocked for at most 60 s, waits for an element in jobs or mail.");
    await visitor.page.getByText(/^blocked, 5\d s$/).waitFor();
  },
  endless: async (visitor, other) => {
    await visitor.prompt().fill("XREAD BLOCK 0 STREAMS events $");
    await visitor.prompt().press("Enter");
    await visitor.standing("Blocked", "No limit: waits for an entry in events");
    await visitor.says("Blocked without a limit, waits for an entry in events.");
    await other("SET bystander 1", "OK");
  },
};
for (const colorScheme of ["light", "dark"]) {
  for (const [width, viewport] of Object.entries({ wide, narrow })) {
    journey(`axe: what a client is in the middle of, ${colorScheme}, ${width}`, { colorScheme, viewport, reducedMotion: "reduce" }, async (visitor) => {
      const { page } = visitor;
      for (const [name, set] of Object.entries(standings)) {
        await page.goto("about:blank");
        await visitor.open("#/playground");
        await visitor.button("New client");
        const second = page.getByRole("region", { name: "client 2" });
        const show = async (client) => {
          if (width === "narrow") await page.getByRole("group", { name: "Clients" }).getByRole("button", { name: client }).click();
        };
        const other = async (line, reply) => {
          await show("client 2");
          await second.getByRole("textbox").fill(line);
          await second.getByRole("textbox").press("Enter");
          await visitor.until(`${line} is answered`, async () => (await second.getByRole("log").innerText()).includes(reply));
          await show("client 1");
        };
        await show("client 1");
        await set(visitor, other);
        await visitor.picture(`standing-${name}-${colorScheme}-${width}`);
        await visitor.accessible();
      }
    });
  }
}

journey("a wait runs on the virtual clock, and undo takes a spoilt transaction back", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await visitor.button("Pause");
  await visitor.prompt().fill("BLPOP jobs 5");
  await visitor.prompt().press("Enter");
  await visitor.standing("Blocked", "5.0 s of 5.0 s left");
  await visitor.button("One second on");
  await visitor.standing("Blocked", "4.0 s of 5.0 s left");
  await visitor.button(/^Next event/);
  await visitor.replies("BLPOP jobs 5", "(nil)\n(5.00s)");
  equal(await page.locator(".standing").count(), 0, "cards when nothing is under way");
  await visitor.command("MULTI", "OK");
  await visitor.command("NOSUCH", /^\(error\) ERR unknown command/);
  await visitor.standing("Transaction", "EXEC will run nothing");
  await visitor.button(/^Undo/);
  await visitor.standing("Transaction", "Nothing is queued yet");
  equal(await page.locator(".standing .refused").count(), 0, "refused commands after undo");
  await visitor.command("PING", "QUEUED");
  await visitor.command("EXEC", "1) PONG");
});

// Every picture: the commands that make a value, and the one that changes it while it is open.
const pictures = {
  text: [['SET poem "Tell me, O muse, of that ingenious hero"'], 'APPEND poem " who travelled far and wide"'],
  number: [["SET visits 41"], "INCR visits"],
  bytes: [['SET blob "\\x00\\x01\\xffRedis\\x7f\\xe9\\x00binary data here and there\\xfe\\xed"'], "SETRANGE blob 3 PNG"],
  bits: [["SETBIT seen 7 1", "SETBIT seen 100 1", "SETBIT seen 511 1"], "SETBIT seen 300 1"],
  lanes: [["BITFIELD player SET u8 0 30 SET i16 8 -200 SET u4 24 9"], "BITFIELD player INCRBY u8 0 5"],
  registers: [[...Array.from({ length: 10 }, (_, batch) =>
    `PFADD visitors ${Array.from({ length: 60 }, (_, at) => `u${batch}-${at}`).join(" ")}`)], "PFADD visitors ann bob eve"],
  list: [["CONFIG SET list-max-listpack-size 16", "CONFIG SET list-compress-depth 1",
    `RPUSH jobs ${Array.from({ length: 100 }, (_, at) => `job:${at}`).join(" ")}`], "LPUSH jobs urgent"],
  intset: [["SADD primes 2 3 5 7 11 13 17 19 23 29 31 37 41 43 47 53 59 61 67 71 73 79 83 89 97"], "SADD primes 101"],
  set: [["SADD tags warm paper ember ink line sheet sunk wide narrow"], "SADD tags calm"],
  hash: [["HSET session:9 user ada role admin theme dark token 9f86d081884c7d65", "HEXPIRE session:9 90 FIELDS 1 token"],
    "HSET session:9 theme light"],
  ladder: [["ZADD board 300 Bob 400 Charlie 500 Alice 120 Dora 480 Eve 90 Finn"], "ZINCRBY board 50 Dora"],
  map: [["GEOADD cafes 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.496366 41.902782 Roma 9.19 45.4642 Milano"],
    "GEOADD cafes 11.2558 43.7696 Firenze"],
  cloud: [["VADD words VALUES 3 9 1 0 apple", "VADD words VALUES 3 8 2 0 pear", "VADD words VALUES 3 9 2 1 plum", "VADD words VALUES 3 0 9 1 car",
    "VADD words VALUES 3 1 8 1 bus", "VADD words VALUES 3 0 9 2 train", "VADD words VALUES 3 1 1 9 blue", "VADD words VALUES 3 0 1 9 red"],
    "VADD words VALUES 3 5 5 1 truck-of-apples"],
  stream: [["XADD orders 1-0 item tea", "XADD orders 2-0 item milk", "XADD orders 3-0 item bread", "XADD orders MAXLEN 3 4-0 item salt",
    "XGROUP CREATE orders pickers 0", "XGROUP CREATE orders audit 0", "XREADGROUP GROUP pickers ann COUNT 1 STREAMS orders >",
    "XREADGROUP GROUP audit eve COUNT 1 STREAMS orders >"], "XREADGROUP GROUP pickers bob COUNT 1 STREAMS orders >"],
};
// The same for encodings that one meets later; limits are lowered, so that small values have them.
const encodings = {
  embstr: [["SET greeting hello"], "SETRANGE greeting 0 J"],
  listpack: [["RPUSH few a b c"], "LPUSH few z"],
  plain: [["CONFIG SET list-max-listpack-size 4", `EVAL "redis.call('RPUSH','mixed','a','b','c',string.rep('x',9000),'d','e')" 0`], "RPUSH mixed f"],
  table: [[`SADD crowd ${Array.from({ length: 140 }, (_, at) => `m${at}`).join(" ")}`], "SADD crowd newcomer"],
  fields: [["CONFIG SET hash-max-listpack-entries 3", "HSET wide a 1 b 2 c 3 d 4 e 5", "HEXPIRE wide 50 FIELDS 2 a b"], "HINCRBY wide c 4"],
  skiplist: [["CONFIG SET zset-max-listpack-entries 3", "ZADD deep -4 cellar 0 ground 2.5 stairs 8 roof 1e3 sky"], "ZADD deep -1 basement"],
  dense: [[`EVAL "for i=1,20000 do redis.call('PFADD','crowds','u'..i) end" 0`], `PFADD crowds ${Array.from({ length: 40 }, (_, at) => `new${at}`).join(" ")}`],
  groups: [["XADD busy 1-0 a 1", "XADD busy 2-0 a 2", "XADD busy 3-0 a 3", "XGROUP CREATE busy slow 0", "XGROUP CREATE busy quick $",
    "XADD busy 4-0 a 4", "XREADGROUP GROUP quick ann STREAMS busy >", "XREADGROUP GROUP quick bob STREAMS busy >", "XDEL busy 2-0"], "XACK busy quick 4-0"],
  binary: [["VADD signs VALUES 4 1 -1 1 1 up BIN", "VADD signs VALUES 4 -1 -1 1 1 side BIN", "VADD signs VALUES 4 -1 1 -1 -1 down BIN"],
    "VADD signs VALUES 4 1 -1 -1 1 other BIN"],
};
for (const [colorScheme, width, viewport] of [["dark", "wide", wide], ["light", "narrow", narrow]]) {
  journey(`axe: encodings, ${colorScheme}, ${width}`, { colorScheme, viewport, reducedMotion: "reduce" }, async (visitor) => {
    const { page } = visitor;
    await visitor.open("#/playground");
    if (width === "narrow") await visitor.button("Keyspace");
    for (const [name, [before, change]] of Object.entries(encodings)) {
      for (const command of before) await visitor.command(command, /^(?!\(error\))/);
      const key = change.split(" ")[1];
      await page.getByRole("button", { name: key, exact: true }).click();
      await page.getByRole("heading", { name: key }).waitFor();
      await visitor.command(change, /^(?!\(error\))/);
      await page.locator(".opened.touched").waitFor();
      await visitor.picture(`encoding-${name}-${colorScheme}-${width}`);
      await visitor.accessible();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Back to all keys" }).click();
    }
  });
}

journey("every picture by keyboard alone", { reducedMotion: "reduce" }, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  for (const [before, change] of Object.values(pictures)) {
    for (const command of [...before, change]) await visitor.command(command, /^(?!\(error\))/);
  }
  const focused = () => page.evaluate(() => {
    const at = document.activeElement;
    return [at?.getAttribute("aria-label") || at?.textContent?.trim() || at?.tagName || "", at?.getAttribute("data-at")].join("|");
  });
  const tabTo = async (name, key = "Tab") => {
    for (let presses = 0; presses < 90; presses += 1) {
      await page.keyboard.press(key);
      if (name.test(await focused())) return;
    }
    throw new Error(`${key} never reaches ${name}: the focus is on ${await focused()}`);
  };
  await page.keyboard.press("Escape");
  await tabTo(/\|\d+$/);
  await page.keyboard.press("Home");
  const keys = await page.locator(".ledger [data-at]").allTextContents();
  equal(keys.length, Object.keys(pictures).length, `keys in the list, ${keys.join(" ")}`);
  for (const [at, key] of keys.entries()) {
    await visitor.until(`${key} has the focus`, async () => (await focused()) === `${key}|${at}`, focused);
    await page.keyboard.press("Enter");
    await visitor.until(`${key} is open`, async () => (await focused()).startsWith(key));
    await tabTo(/^Table/);
    await page.keyboard.press("Enter");
    await tabTo(/^The value as a table/);
    await page.keyboard.press("End");
    await visitor.until(`the table of ${key} ends`, () => page.locator(".sheet").evaluate((sheet) => {
      const rows = sheet.querySelectorAll("tr[aria-rowindex]");
      const count = Number(sheet.querySelector("table").getAttribute("aria-rowcount"));
      return Number([...rows].at(-1).getAttribute("aria-rowindex")) === count && sheet.scrollTop + sheet.clientHeight >= sheet.scrollHeight - 1;
    }));
    await tabTo(/^Table/, "Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await tabTo(/ (of the|in the|on a) |^The |as text/);
    if (await page.locator("[role=listbox]").count() > 0) {
      await page.keyboard.press("ArrowRight");
      const chosen = await page.locator(".chosen").innerText();
      await page.keyboard.press("ArrowRight");
      await visitor.until("another point is chosen", async () => (await page.locator(".chosen").innerText()) !== chosen);
      equal(await page.locator("[role=option][aria-selected=true]").count(), 1, "chosen points");
      await visitor.picture(`chosen-${key}`);
    } else {
      await page.keyboard.press("End");
    }
    await page.keyboard.press("Escape");
    await visitor.until(`${key} has the focus again`, async () => (await focused()) === `${key}|${at}`, focused);
    await page.keyboard.press("ArrowDown");
  }
});

// The keyspace as a whole.
const household = [
  `MSET ${Array.from({ length: 30 }, (_, at) => `user:${at}:name person-${at}`).join(" ")}`,
  `MSET ${Array.from({ length: 12 }, (_, at) => `page:${at % 3}:${at}:title title-${at}`).join(" ")}`,
  "SET otp:1 4711 EX 40", "SET otp:2 4712 EX 400", `SETRANGE blob 20000 x`, "RPUSH jobs wash dry iron", "SADD tags warm paper",
  `HSET profile ${Array.from({ length: 60 }, (_, at) => `field:${at} value-${at}`).join(" ")}`, "ZADD board 300 Bob 400 Charlie", "XADD orders 1-0 item tea",
];
for (const [colorScheme, width, viewport] of [["light", "wide", wide], ["dark", "wide", wide], ["light", "narrow", narrow], ["dark", "narrow", narrow]]) {
  journey(`axe: the whole keyspace, ${colorScheme}, ${width}`, { colorScheme, viewport, reducedMotion: "reduce" }, async (visitor) => {
    const { page } = visitor;
    await visitor.open("#/playground");
    if (width === "narrow") await visitor.button("Keyspace");
    for (const command of household) await visitor.command(command, /^(?!\(error\))/);
    const look = async (name) => {
      await visitor.picture(`whole-${name}-${colorScheme}-${width}`);
      await visitor.accessible();
    };
    const first = () => page.locator(".ledger .key .name").first().innerText();
    const firstIs = (name) => visitor.until(`${name} comes first`, async () => (await first()) === name, first);
    await firstIs("blob");
    equal(/^Memory by type, string: .*hash: .*stream: /.test(await page.getByRole("img", { name: /^Memory by type/ }).getAttribute("aria-label")), true, "the bar in words");
    await look("list");
    // By bytes, the largest first and the smallest first; by time, whoever dies first.
    await visitor.button("bytes");
    await firstIs("blob");
    await visitor.button("time left");
    await firstIs("otp:1");
    await look("by-time");
    await visitor.button("type");
    await visitor.button("type");
    await firstIs("orders");
    await visitor.button(/^key/);
    const filter = page.getByRole("searchbox", { name: "Show only keys that match" });
    await filter.fill("user:1?:*");
    await page.getByText("10 of 50 keys").waitFor({ state: "attached" });
    await filter.fill("");
    await page.getByRole("combobox", { name: "Type" }).selectOption("hash");
    await firstIs("profile");
    await page.getByRole("combobox", { name: "Type" }).selectOption("");
    await visitor.button("Tree");
    await page.getByRole("button", { name: /page:$/ }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await page.getByRole("button", { name: "page:0:0:title" }).waitFor();
    await look("tree");
    await visitor.button("Table");
    await page.getByRole("row", { name: /^otp:1 string int/ }).waitFor();
    await look("table");
    await visitor.button("List");
    // The meter reads the limits that hold now, and bytes are told when they change.
    await filter.fill("profile");
    await page.getByRole("button", { name: "profile", exact: true }).click();
    await page.getByText("60 of 512 fields: 453 more and it becomes a hashtable").waitFor();
    await visitor.command("CONFIG SET hash-max-listpack-entries 62", "OK");
    await page.getByText("60 of 62 fields: 3 more and it becomes a hashtable").waitFor();
    await look("near-its-limit");
    await visitor.command("HSET profile x 1 y 2 z 3", "(integer) 3");
    await page.locator(".opened .facts").getByText("hashtable").waitFor();
    await page.locator(".opened .facts em").getByText(/^ ?\+\d/).waitFor();
    await look("beyond-its-limit");
    await visitor.button("what changed");
    await page.locator(".fields .fresh").getByText("x", { exact: true }).waitFor();
    equal(await page.locator(".fields .fresh").count(), 3, "what the last command changed");
    await look("what-changed");
    // Another database's key of this name has a history of its own.
    await visitor.command("SELECT 1", "OK");
    await visitor.command("HSET profile other 1", "(integer) 1");
    equal(await page.getByRole("list", { name: /^Commands that named this key/ }).getByText("other").count(), 0, "commands of another database");
    await visitor.command("SELECT 0", "OK");
    await page.keyboard.press("Escape");
    await visitor.button("Back to all keys");
    await filter.fill("");
    await visitor.command("SETRANGE blob 60000 y", "(integer) 60001");
    await page.locator(".keyspace .sum em").getByText(/^ ?\+/).waitFor({ state: "attached" });
    await visitor.command("DEL blob", "(integer) 1");
    await page.locator(".keyspace .sum em").getByText(/^ ?−/).waitFor({ state: "attached" });
  });
}

for (const colorScheme of ["light", "dark"]) {
  for (const [width, viewport] of Object.entries({ wide, narrow })) {
    journey(`axe: every picture, ${colorScheme}, ${width}`, { colorScheme, viewport, reducedMotion: "reduce" }, async (visitor) => {
      const { page } = visitor;
      await visitor.open("#/playground");
      if (width === "narrow") await visitor.button("Keyspace");
      for (const [name, [before, change]] of Object.entries(pictures)) {
        for (const command of before) await visitor.command(command, /^(?!\(error\))/);
        const key = change.split(" ")[change.startsWith("XREADGROUP") ? 7 : 1];
        await page.getByRole("button", { name: key, exact: true }).click();
        await page.getByRole("heading", { name: key }).waitFor();
        await visitor.command(change, /^(?!\(error\))/);
        await page.locator(".opened.touched").waitFor();
        await visitor.picture(`picture-${name}-${colorScheme}-${width}`);
        await visitor.accessible();
        await page.getByRole("button", { name: "Table" }).click();
        await page.getByRole("columnheader", { name: "Changed" }).waitFor();
        await visitor.accessible();
        await page.getByRole("button", { name: /^(Picture|Text|Bytes|Bits|Fields|Registers|Map)$/ }).first().click();
        await page.keyboard.press("Escape");
      }
    });
  }
}

for (const [width, viewport] of [["wide", wide], ["narrow", narrow]]) {
  journey(`the program leaves the text where it was read, ${width}`, { viewport }, async (visitor) => {
    const { page } = visitor;
    await page.addInitScript(() => {
      globalThis.largest = [];
      new PerformanceObserver((list) => {
        for (const { size, element } of list.getEntries()) globalThis.largest.push([size, element?.textContent.slice(0, 30)].join(" "));
      }).observe({ type: "largest-contentful-paint", buffered: true });
    });
    const places = () => page.evaluate(() => [...document.querySelectorAll(".lesson > *")].slice(0, 5).map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return [element.tagName, x, y, width, height].join(" ");
    }).join("\n"));
    let letItCome;
    const held = new Promise((come) => { letItCome = come; });
    await page.route(/_bg\.wasm$/, async (route) => {
      await held;
      await route.continue();
    });
    const asked = page.waitForRequest(/_bg\.wasm$/);
    await page.goto(address);
    await asked;
    await page.evaluate(() => document.fonts.ready);
    await visitor.until("the text is painted", () => page.evaluate(() => globalThis.largest.length > 0));
    const [read, painted] = [await places(), await page.evaluate(() => globalThis.largest.length)];
    letItCome();
    await visitor.prompt().waitFor();
    equal(await places(), read, "where the text lies");
    await page.waitForTimeout(500);
    equal(await page.evaluate((from) => globalThis.largest.slice(from).join(", "), painted), "", "what is painted larger");
    const early = await page.evaluate(() => {
      const [paint] = performance.getEntriesByName("first-contentful-paint");
      const before = performance.getEntriesByType("resource").filter(({ startTime }) => startTime < paint.startTime);
      return before.map(({ name }) => name).filter((name) => /\/web-[^/]*$/.test(name)).join(", ");
    });
    equal(early, "", "what is fetched of the program before the text is painted");
  });
}

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

await run();
