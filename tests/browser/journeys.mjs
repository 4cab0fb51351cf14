// What people do on the page, from one end to the other.
import { journey, narrow, run, wide } from "./harness.mjs";

journey("a first visitor finds a prompt that answers", {}, async (visitor) => {
  await visitor.open();
  await visitor.command("PING", "PONG");
  await visitor.command("SET greeting hello", "OK");
  await visitor.command("GET greeting", '"hello"');
});

for (const colorScheme of ["light", "dark"]) {
  for (const [name, viewport] of Object.entries({ wide, narrow })) {
    journey(`the first page, ${colorScheme} and ${name}`, { colorScheme, viewport }, async (visitor) => {
      await visitor.open();
      await visitor.accessible();
      await visitor.picture(`first-${colorScheme}-${name}`);
    });
  }
}

await run();
