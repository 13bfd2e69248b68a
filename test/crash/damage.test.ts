/** Every file of an index cut short and with flipped bits: in service as before, or refused with what mends it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { seeded } from '../vectors/clustered.js';
import { cuts, filesOf, flips, mend, type SoundIndex, tryDamages } from './damage.js';
import { soundIndex } from './sound-index.js';

/**
 * One file a test, by its place in the sorted folder; the journal's name differs from index to index. More flips where
 * not every byte is under a checksum of the whole file.
 */
const FILES: readonly [name: string, flips: number][] = [
  ['keywords.bin', 12],
  ['manifest.json', 50],
  ['papers.db', 12],
  ['vectors.graph', 12],
  ['vectors.i16', 12],
  ['CURRENT', 30],
  ['the journal', 50],
];

let index: SoundIndex;
const undo: (() => void | Promise<void>)[] = [];
before(async () => {
  index = await soundIndex({ after: (work) => undo.push(work) });
  assert.equal(filesOf(index.folder).length, FILES.length);
});
after(async () => {
  for (const work of undo.reverse()) await work();
});

describe('an index with changes, of which', () => {
  for (const [at, [name, count]] of FILES.entries()) {
    it(`${name} is cut short or has a flipped bit, answers as before or names what mends it`, async (t) => {
      const file = filesOf(index.folder)[at] ?? '';
      const random = seeded(at + 1);
      const damages = (size: number) => [...cuts(size), ...flips(size, count, random)];
      const tally = await tryDamages(index, file, damages, t);
      assert.ok(tally.refused > 0, 'nothing was noticed');
      for (const [command, damage] of tally.mends) await mend(index, file, command, damage, t);
      const { tried, refused, standsIn, harmless } = tally;
      t.diagnostic(`${tried} tried, ${refused} refused, ${standsIn} stood in, ${harmless} harmless`);
    });
  }
});
