// The container's HEALTHCHECK: exit code 0 when the service can answer. One that is still starting gets a moment,
// since a first check that fails would not be repeated for a whole interval.
import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS = 4000;
const PAUSE_MS = 250;

const url = `http://127.0.0.1:${process.env.PORT || 8080}/readyz`;
const deadline = AbortSignal.timeout(WAIT_MS);

async function isReady() {
  try {
    return (await fetch(url, { signal: deadline })).ok;
  } catch {
    return false;
  }
}

let ready = await isReady();
while (!ready && !deadline.aborted) {
  await sleep(PAUSE_MS);
  ready = await isReady();
}
process.exit(ready ? 0 : 1);
