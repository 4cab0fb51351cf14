// What a client is in the middle of, in its pane: a transaction, a watched key, a subscription, a wait.
import { equal, journey, narrow, wide } from "./harness.mjs";

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
