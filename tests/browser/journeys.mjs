// What people do on the page, from one end to the other.
import { address, equal, journey, narrow, run, wide } from "./harness.mjs";
import "./figures.mjs";
import "./inspector.mjs";
import "./scripts.mjs";
import "./standings.mjs";

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

await run();
