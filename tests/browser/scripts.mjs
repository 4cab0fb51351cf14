// Lua on the page: the debugger, and a page that goes on while a script does not end.
import { equal, journey, narrow, wide } from "./harness.mjs";

const limiter = [
  "local key = KEYS[1]",
  "local limit = tonumber(ARGV[1])",
  "local window = tonumber(ARGV[2])",
  "local current = redis.call('INCR', key)",
  "if current == 1 then",
  "  redis.call('EXPIRE', key, window)",
  "end",
  "return current <= limit",
].join("\\n");
const evalLine = `EVAL "${limiter}" 1 rl:ip:1.2.3.4 3 60`;

const debuggerOf = (page) => page.getByRole("region", { name: "Script debugger" });
const begin = (page) => debuggerOf(page).getByRole("button", { name: /^Debug/ });
const script = (page) => page.getByRole("textbox", { name: "Lua script" });
/** What a screen reader is told about where the script stands. */
const says = (visitor, words) => visitor.until(`the debugger says ${words}`,
  async () => (await debuggerOf(visitor.page).getByRole("status").innerText()).includes(words),
  () => "something else");
const variable = (page, name) => debuggerOf(page).locator(".variables > li").filter({ has: page.locator(`code.name:text-is("${name}")`) });

for (const colorScheme of ["light", "dark"]) {
  for (const [width, viewport] of Object.entries({ wide, narrow })) {
    journey(`debugger: the rate limiter, ${colorScheme}, ${width}`, { colorScheme, viewport }, async (visitor) => {
      const { page } = visitor;
      await visitor.open("#/playground");
      await visitor.command("SET rl:ip:1.2.3.4 1 EX 60", "OK");
      await visitor.button("Script");
      await debuggerOf(page).waitFor();
      equal(await script(page).inputValue(), limiter.replaceAll("\\n", "\n"), "the first script");
      await visitor.picture(`debugger-text-${colorScheme}-${width}`);
      await visitor.accessible();

      // A breakpoint by mouse, then from line to line by the keys.
      await page.getByRole("button", { name: "Breakpoint at line 5" }).click();
      await begin(page).click();
      await says(visitor, "Line 1: local key = KEYS[1]");
      await script(page).press("c");
      await says(visitor, "Breakpoint. Line 5: if current == 1 then. key is");
      equal(await variable(page, "current").innerText(), "current2new", "the variable");
      await debuggerOf(page).locator(".paint .line.current").waitFor();
      equal(await debuggerOf(page).locator(".paint .line").nth(3).locator(".told").innerText(), "→ 2INCR rl:ip:1.2.3.4", "the call behind its line");
      if (viewport === wide) {
        await visitor.key("rl:ip:1.2.3.4").getByText("2", { exact: true }).waitFor();
        await page.getByRole("region", { name: "Keyspace" }).getByText("before line 5").waitFor();
      }
      await visitor.picture(`debugger-breakpoint-${colorScheme}-${width}`);
      await visitor.accessible();

      // Back before the INCR: the key is as it was.
      await script(page).press("b");
      await says(visitor, "Line 4: local current = redis.call('INCR', key)");
      if (viewport === wide) await visitor.key("rl:ip:1.2.3.4").getByText("1", { exact: true }).waitFor();
      await script(page).press("n");
      await says(visitor, "Line 5: if current == 1 then");
      await visitor.button("To the end");
      await says(visitor, "The script is over. It replies: (integer) 1");
      await visitor.picture(`debugger-over-${colorScheme}-${width}`);
      await visitor.accessible();

      // What was seen is kept: it is an EVAL of client 1 now, which can be taken back like any command.
      await page.getByRole("button", { name: /^Keep/ }).click();
      await begin(page).waitFor();
      if (viewport === wide) {
        await visitor.replies(evalLine, "(integer) 1");
        await visitor.command("GET rl:ip:1.2.3.4", '"2"');
        await visitor.button(/^Undo/);
        await visitor.button(/^Undo/);
        await visitor.key("rl:ip:1.2.3.4").getByText("1", { exact: true }).waitFor();
      }
      await visitor.button("Close the debugger");
      await debuggerOf(page).waitFor({ state: "detached" });
    });
  }
}

for (const [width, viewport] of Object.entries({ wide, narrow })) {
  journey(`debugger: beside a lesson, ${width}`, { viewport }, async (visitor) => {
    const { page } = visitor;
    await visitor.open();
    if (viewport === narrow) await page.getByRole("button", { name: "Terminal", exact: true }).click();
    await visitor.button("Script");
    await begin(page).click();
    await says(visitor, "Line 1: local key = KEYS[1]");
    for (let line = 2; line <= 5; line += 1) {
      await script(page).press("s");
      await says(visitor, `Line ${line}: `);
    }
    await visitor.picture(`debugger-lesson-${width}`);
    await visitor.accessible();
    if (viewport === narrow) {
      await page.getByRole("button", { name: "Keyspace", exact: true }).click();
      await visitor.key("rl:ip:1.2.3.4").getByText("1", { exact: true }).waitFor();
      await page.getByRole("region", { name: "Keyspace" }).getByText("before line 5").waitFor();
      await visitor.picture(`debugger-keyspace-${width}`);
      await visitor.accessible();
    }
  });
}

journey("debugger: from a line, into functions, by keyboard alone", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  const line = 'EVAL "local outer = 7\\nlocal function twice(n)\\n  local double = n * 2\\n  return double + outer\\nend\\nlocal list = {}\\nfor i = 1, 2 do\\n  list[i] = twice(i)\\nend\\nredis.call(\'RPUSH\', KEYS[1], unpack(list))\\nreturn list" 1 results';
  await visitor.prompt().fill(line);
  await page.getByRole("button", { name: "Debug this script" }).click();
  await visitor.until("the script has the focus", () => script(page).evaluate((text) => text === document.activeElement));
  equal(await page.getByRole("textbox", { name: "Keys that the script is given" }).inputValue(), "results", "KEYS");
  await page.keyboard.press("Control+Home");
  for (let down = 1; down < 8; down += 1) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("F9");
  await page.keyboard.press("Control+Enter");
  await says(visitor, "Line 1: local outer = 7");
  await page.keyboard.press("F8");
  await says(visitor, "Breakpoint. Line 8: list[i] = twice(i)");
  await page.keyboard.press("F11");
  await says(visitor, "Line 3: local double = n * 2");
  await debuggerOf(page).getByRole("list", { name: "Calls, innermost first" }).getByText("twice").waitFor();
  await variable(page, "outer").waitFor();
  await visitor.picture("debugger-calls");
  await visitor.accessible();
  await page.keyboard.press("Shift+F11");
  await says(visitor, "Line 7: for i = 1, 2 do");
  await page.keyboard.press("F10");
  await says(visitor, "Breakpoint. Line 8");
  await page.keyboard.press("n");
  await says(visitor, "list is {9; 11}");
  await variable(page, "list").locator("summary").click();
  await debuggerOf(page).locator(".variables details[open] li").nth(1).getByText("11").waitFor();
  await page.getByRole("slider", { name: "Lines as they ran" }).focus();
  await page.keyboard.press("Home");
  await says(visitor, "Line 1: local outer = 7");
  await page.keyboard.press("a");
  await visitor.until("the text can be changed again", () => script(page).isEditable());
  equal(await page.getByRole("region", { name: "Keyspace" }).getByRole("listitem").count(), 0, "keys");

  // The field's own undo is whole.
  await page.keyboard.press("Control+End");
  await page.keyboard.type(" -- end");
  for (let times = 0; times < 8 && !(await script(page).inputValue()).endsWith("return list"); times += 1) {
    await page.keyboard.press("Control+z");
  }
  equal((await script(page).inputValue()).endsWith("return list"), true, "undone");
});

journey("debugger: errors at their lines, and a loop without end", {}, async (visitor) => {
  const { page } = visitor;
  const link = (text) => `#/script/${encodeURIComponent(`EVAL "${text}" 1 k`)}`;
  await page.goto(process.env.PAGE + link("local a = 1\\nlocal b = = 2"));
  await begin(page).waitFor();
  await script(page).press("Control+Enter");
  await debuggerOf(page).locator(".paint .line.faulty").getByText("user_script:2: unexpected symbol near '='").waitFor();
  await visitor.accessible();
  await script(page).fill("redis.call('SET', KEYS[1], 'text')\nreturn redis.call('LPUSH', KEYS[1], 'x')");
  await script(page).press("Control+Enter");
  await says(visitor, "Line 1");
  await page.keyboard.press("e");
  await debuggerOf(page).locator(".paint .line.faulty").getByText("WRONGTYPE").first().waitFor();
  await visitor.picture("debugger-error");
  await visitor.accessible();
  await page.keyboard.press("a");
  await visitor.until("the text can be changed again", () => script(page).isEditable());
  await script(page).fill("local n = 0\nwhile true do\n  n = n + 1\nend");
  await script(page).press("Control+Enter");
  await says(visitor, "Line 1");
  await page.keyboard.press("e");
  await debuggerOf(page).getByText("runs …").waitFor();
  // Meanwhile the page types, and the server answers.
  await visitor.command("SET a 1", "OK");
  await page.getByRole("button", { name: /^Stop/ }).click();
  await says(visitor, "Line 3: n = n + 1");
  const ran = async () => Number((await page.getByRole("slider", { name: "Lines as they ran" }).inputValue()));
  const far = await ran();
  await page.getByRole("button", { name: /^Back/ }).click();
  await visitor.until("one line back", async () => (await ran()) === far - 1);
  console.log(`        ${far} lines of an endless loop before it was stopped`);
});

/** The longest gap between two frames while `does` is done, in milliseconds. */
async function longestGap(page, does) {
  await page.evaluate(() => {
    globalThis.gap = 0;
    let before = performance.now();
    const look = (now) => {
      globalThis.gap = Math.max(globalThis.gap, now - before);
      before = now;
      globalThis.looking = requestAnimationFrame(look);
    };
    globalThis.looking = requestAnimationFrame(look);
  });
  await does();
  return page.evaluate(() => {
    cancelAnimationFrame(globalThis.looking);
    return Math.round(globalThis.gap);
  });
}

journey("a script without end: the page goes on, others are BUSY, SCRIPT KILL ends it", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  await visitor.command("SET a 1", "OK");
  await visitor.command("CONFIG SET busy-reply-threshold 1000", "OK");
  await visitor.button("New client");
  const second = page.getByRole("region", { name: "client 2" });
  const prompt = second.getByRole("textbox");
  const hears = (words) => visitor.until(`client 2 hears ${words}`,
    async () => (await second.getByRole("log").innerText()).includes(words), () => "something else");
  const endless = 'EVAL "while true do end" 0';
  await visitor.prompt().fill(endless);
  await visitor.prompt().press("Enter");
  const gap = await longestGap(page, async () => {
    // Before the threshold the second client waits, and after it it is told.
    await prompt.pressSequentially("GET a", { delay: 30 });
    equal(await prompt.inputValue(), "GET a", "what was typed");
    await prompt.press("Enter");
    await hears("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.");
    await visitor.picture("script-busy");
    await prompt.fill("SCRIPT KILL");
    await prompt.press("Enter");
    await hears("OK");
  });
  await visitor.replies(endless, /^\(error\) ERR Error running script|^\(error\) ERR Script killed by user with SCRIPT KILL/);
  await prompt.fill("GET a");
  await prompt.press("Enter");
  await hears('"1"');
  console.log(`        longest frame while the script ran: ${gap} ms`);
});

/** Notes how long the page computes between frames, and how late it hears of input. */
const watch = () => {
  globalThis.computed = { ms: 0, pieces: 0, longest: 0 };
  const { set, get } = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
  Object.defineProperty(MessagePort.prototype, "onmessage", {
    get,
    set(handler) {
      set.call(this, (event) => {
        const began = performance.now();
        handler(event);
        // What the handler has set in motion is done before this.
        queueMicrotask(() => {
          const took = performance.now() - began;
          const { computed } = globalThis;
          computed.ms += took;
          computed.pieces += 1;
          computed.longest = Math.max(computed.longest, took);
        });
      });
    },
  });
  globalThis.late = 0;
  addEventListener("input", (event) => {
    globalThis.late = Math.max(globalThis.late, performance.now() - event.timeStamp);
  }, true);
};

journey("a script of a billion steps has the machine to itself, and the page goes on", {}, async (visitor) => {
  const { page } = visitor;
  await page.addInitScript(watch);
  await visitor.open("#/playground");
  await visitor.command("EVAL \"return 1\" 0", "(integer) 1");
  await visitor.button("New client");
  const prompt = page.getByRole("region", { name: "client 2" }).getByRole("textbox");
  const line = 'EVAL "local s = 0 for i = 1, 1000000000 do s = s + 1 end return s" 0';
  await visitor.prompt().fill(line);
  await page.evaluate(() => {
    const log = document.querySelector("[role=log]");
    addEventListener("keydown", (event) => {
      if (event.key === "Enter") globalThis.began ??= performance.now();
    }, true);
    globalThis.over = new Promise((resolve) => {
      new MutationObserver(() => {
        if (/\(integer\) 1000000000/.test(log.innerText)) resolve(performance.now());
      }).observe(log, { childList: true, subtree: true, characterData: true });
    });
  });
  let took = 0;
  const gap = await longestGap(page, async () => {
    await visitor.prompt().press("Enter");
    const typed = "SET while:it computes";
    await prompt.pressSequentially(typed, { delay: 40 });
    equal(await prompt.inputValue(), typed, "what was typed meanwhile");
    took = await page.evaluate(async () => (await globalThis.over) - globalThis.began);
  });
  await visitor.replies(line, /^\(integer\) 1000000000\n\([\d.]+s\)$/);
  const { computed, late } = await page.evaluate(() => ({ computed: globalThis.computed, late: globalThis.late }));
  console.log(`        ${(took / 1000).toFixed(2)} s, ${((computed.ms / took) * 100).toFixed(0)} % of it computing, in ${computed.pieces} pieces`
    + ` of at most ${computed.longest.toFixed(0)} ms; longest frame ${gap} ms, input heard after at most ${late.toFixed(0)} ms`);
  // Times are told, not asserted, but for what no load explains: a page that waits for frames, or for a clock.
  if (computed.ms < took * 0.7) throw new Error(`the script gets ${computed.ms} of ${took} ms`);
});

journey("a script goes on in a tab that nobody sees", {}, async (visitor) => {
  const { page } = visitor;
  await visitor.open("#/playground");
  const line = 'EVAL "for i = 1, 100000000 do end return \'over\'" 0';
  await visitor.prompt().fill(line);
  await visitor.prompt().press("Enter");
  await visitor.until("the script is under way", () => visitor.prompt().evaluate((input) => input.readOnly));
  // Such a tab gets no frames.
  await page.evaluate(() => {
    globalThis.requestAnimationFrame = () => 0;
  });
  await visitor.replies(line, /^"over"/);
});
