/** The crash campaign in short; at length: `npm run crash`. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../build/building.js';
import { Campaign } from './rounds.js';

const KILLS = 12;
/** Where a machine is busy with other things, fewer kills have to do. */
const MOST_MS = 45_000;
const SEED = 20_26;

describe('a service that is killed with -9 at one random instant after another', () => {
  it('has every acknowledged write after each restart, and none half', async (t) => {
    const campaign = new Campaign(join(temporaryFolder(t), 'index'), SEED);
    t.after(() => campaign.close());
    const end = performance.now() + MOST_MS;
    try {
      await campaign.begin();
      while (campaign.kills < KILLS && performance.now() < end) await campaign.round();
      await campaign.end();
    } catch (thrown) {
      t.diagnostic(campaign.account());
      throw thrown;
    }
    const { kills, restarts, acknowledged, phases } = campaign.summary;
    t.diagnostic(JSON.stringify(campaign.summary));
    assert.ok(restarts > 1 && acknowledged > 60, `${kills} kills: ${JSON.stringify(phases)}`);
  });
});
