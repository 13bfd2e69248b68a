/**
 * The crash campaign: a service that is written to, and builds, killed with SIGKILL at one random instant after another.
 * After every restart each acknowledged write is there, none is half there, the index agrees with the store, and the start
 * took bounded time.
 *
 *   npm run crash -- [--kills N] [--seed S] [--minutes M] [--flips N]
 *
 * The seed settles what is written and when it kills; how far the service has come by then differs from run to run.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { flipAll } from './flip-all.js';
import { Campaign, describe } from './rounds.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '60' },
    flips: { type: 'string', default: '0' },
  },
});
const seed = Number(values.seed);
const say = (line: string) => void process.stderr.write(`${line}\n`);

say(`seed ${seed}`);
const folder = await mkdtemp(join(tmpdir(), 'nearpaper-crash-'));
const campaign = new Campaign(join(folder, 'index'), seed);
try {
  const flips = Number(values.flips);
  if (flips > 0) for (const line of await flipAll(flips, seed)) say(line);
  await campaign.begin();
  const end = performance.now() + Number(values.minutes) * 60_000;
  while (campaign.kills < Number(values.kills) && performance.now() < end) {
    await campaign.round();
    if (campaign.kills % 10 === 0) say(describe(campaign.summary).join(', '));
  }
  await campaign.end();
  for (const line of describe(campaign.summary)) process.stdout.write(`${line}\n`);
  rmSync(folder, { recursive: true });
} catch (thrown) {
  say(inspect(thrown));
  say(campaign.account());
  say(
    `Replay: npm run crash -- --seed ${seed} --kills ${campaign.kills + 1}. What is left lies in ${resolve(folder)}.`,
  );
  process.exitCode = 1;
} finally {
  await campaign.close();
}
