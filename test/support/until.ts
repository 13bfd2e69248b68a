import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

/** Looks again every 10 ms until `condition` holds, for at most `seconds`; then the test fails, naming `what`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 20,
): Promise<void> {
  for (let tries = 0; tries < seconds * 100; tries++) {
    if (await condition()) return;
    await pause(10);
  }
  assert.fail(`${what}: not within ${seconds} s`);
}
