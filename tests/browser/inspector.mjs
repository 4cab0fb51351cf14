// The keyspace: every type and encoding as a picture and a table, by mouse and by keyboard, and all keys as a whole.
import { equal, journey, narrow, wide } from "./harness.mjs";

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
