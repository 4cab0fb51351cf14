// What every journey stands on: a browser, a page that must not complain, a prompt to type at, axe, and a tally.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const address = process.env.PAGE;
export const screenshots = process.env.SCREENSHOTS ?? "../../target/screenshots";
export const wide = { width: 1440, height: 900 };
export const narrow = { width: 390, height: 844 };

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const journeys = [];

/** Declares a journey: `walk` gets a visitor. `options` are those of a browser context: viewport, colorScheme … */
export function journey(name, options, walk) {
  journeys.push({ name, options, walk });
}

/** Walks all journeys, or those whose name contains a word of the command line; exits non-zero if one fails. */
export async function run() {
  if (!address) throw new Error("PAGE must say where the page is served; `cargo xtask test journeys` does it");
  mkdirSync(screenshots, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROME_PATH ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
      "--disable-component-update", "--no-first-run"],
  });
  const words = process.argv.slice(2);
  const chosen = journeys.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  let failed = 0;
  for (const { name, options, walk } of chosen) {
    const begun = performance.now();
    const visitor = await Visitor.enter(browser, { viewport: wide, ...options });
    try {
      await walk(visitor);
      visitor.mustBeQuiet();
      console.log(`ok      ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${error.stack ?? error}`);
      if (visitor.complaints.length > 0) console.log(`the page's complaints:\n${visitor.complaints.join("\n")}`);
      await visitor.picture(`failed-${name.replaceAll(/\W+/g, "-")}`).catch(() => {});
    }
    await visitor.leave();
  }
  await browser.close();
  console.log(`${chosen.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && chosen.length > 0 ? 0 : 1;
}

export class Visitor {
  static async enter(browser, options) {
    const visitor = new Visitor();
    visitor.complaints = [];
    visitor.context = await browser.newContext(options);
    visitor.page = await visitor.context.newPage();
    visitor.page.setDefaultTimeout(15_000);
    visitor.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) visitor.complaints.push(`console: ${message.text()}`);
    });
    visitor.page.on("pageerror", (error) => visitor.complaints.push(`exception: ${error.message}`));
    // What was still on its way when the visitor left the page is nobody's fault.
    visitor.page.on("requestfailed", (request) => {
      if (request.failure()?.errorText !== "net::ERR_ABORTED") visitor.complaints.push(`not loaded: ${request.url()}`);
    });
    visitor.page.on("response", (response) => {
      if (response.status() >= 400) visitor.complaints.push(`${response.status()}: ${response.url()}`);
    });
    visitor.page.on("request", (request) => {
      if (!request.url().startsWith(address) && !/^(data|blob):/.test(request.url()))
        visitor.complaints.push(`leaves the site: ${request.url()}`);
    });
    return visitor;
  }

  async leave() {
    await this.context.close();
  }

  /** A journey in which the browser's console shows an error is a failed journey. */
  mustBeQuiet() {
    if (this.complaints.length > 0) throw new Error("the page complains");
  }

  /** Opens the page, or a place in it such as `#/lesson`, and waits until the engine answers. */
  async open(place = "") {
    await this.page.goto(address + place);
    await this.prompt().waitFor();
  }

  prompt() {
    return this.page.getByRole("textbox", { name: "Redis command" }).first();
  }

  transcript() {
    return this.page.getByRole("log").first();
  }

  /** Types a command at the prompt and waits for its reply: the exact text, or a pattern for it. */
  async command(text, reply, patience = 10_000) {
    await this.prompt().fill(text);
    await this.prompt().press("Enter");
    await this.replies(text, reply, patience);
  }

  /** Waits until what stands behind the last `text` in the transcript is `reply`. */
  async replies(text, reply, patience = 10_000) {
    const fits = (seen) => (reply instanceof RegExp ? reply.test(seen) : seen === reply);
    let seen = "";
    await this.until(`${text} is answered ${reply}`, async () => {
      const lines = (await this.transcript().innerText()).split("\n").map((line) => line.trimEnd());
      const asked = lines.findLastIndex((line) => line.endsWith(`> ${text}`));
      seen = asked < 0 ? "nothing" : lines.slice(asked + 1).filter(Boolean).join("\n");
      return fits(seen);
    }, () => seen, patience);
  }

  /** Waits for something that becomes true. */
  async until(what, holds, instead = () => "it did not come", patience = 10_000) {
    const deadline = Date.now() + patience;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`${what}: ${instead()}`);
      await this.page.waitForTimeout(20);
    }
  }

  /** Follows the page's own links to a lesson. */
  async lesson(title) {
    await this.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Lessons" }).click();
    await this.page.getByRole("link", { name: title }).click();
    await this.page.getByRole("heading", { level: 1, name: title }).waitFor();
  }

  /** A task's heading says whether it is done. */
  async task(title, state) {
    await this.page.getByRole("heading", { name: `${title} (${state})` }).waitFor();
  }

  async button(name) {
    await this.page.getByRole("button", { name }).click();
  }

  /** A key's line in the keyspace. */
  key(name) {
    return this.page.getByRole("region", { name: "Keyspace" }).getByRole("listitem").filter({ hasText: name });
  }

  /** What the first client's card shows under this heading. */
  async standing(section, words) {
    const card = this.page.getByRole("region", { name: "client 1" }).getByRole("region", { name: section });
    let seen = "";
    const plain = (text) => text.replaceAll(/\s+/g, " ").replaceAll(/ ?(✓|✗) ?/g, "");
    await this.until(`${section} shows ${words}`, async () => {
      seen = plain((await card.allTextContents()).join(" "));
      return seen.includes(words);
    }, () => seen);
  }

  /** What the first client's state is for those who listen. */
  async says(words) {
    const status = this.page.getByRole("region", { name: "client 1" }).getByRole("status");
    await status.getByText(words).waitFor({ state: "attached" });
  }

  async picture(name) {
    await this.page.screenshot({ path: join(screenshots, `${name}.png`), animations: "disabled" });
  }

  /** axe finds nothing. */
  async accessible() {
    // Through the protocol, because the page's policy rightly refuses foreign script elements.
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(() => globalThis.axe.run());
    const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((n) => `    ${n.target}`).join("\n")}`);
    if (told.length > 0) throw new Error(`axe: ${violations.length} violations\n${told.join("\n")}`);
  }
}

export function equal(found, wanted, what) {
  if (found !== wanted) throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}
