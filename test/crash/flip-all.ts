/** Many flipped bits in every file of an index: the long form of damage.test.ts. */

import type { Scope } from '../build/building.js';
import { seeded } from '../vectors/clustered.js';
import { filesOf, flips, mend, tryDamages } from './damage.js';
import { soundIndex } from './sound-index.js';

/** `count` flips in every file; a line for each. Fails on a wrong outcome, or a command that does not mend. */
export async function flipAll(count: number, seed: number): Promise<string[]> {
  const random = seeded(seed);
  const undo: (() => void | Promise<void>)[] = [];
  const scope: Scope = { after: (work) => undo.push(work) };
  try {
    const index = await soundIndex(scope);
    const lines: string[] = [];
    for (const file of filesOf(index.folder)) {
      const tally = await tryDamages(index, file, (size) => flips(size, count, random), scope);
      for (const [command, damage] of tally.mends) await mend(index, file, command, damage, scope);
      const { tried, refused, standsIn, harmless } = tally;
      lines.push(
        `${file}: ${tried} openings with a flipped bit, ${refused} refused, ${standsIn} by exact search, ${harmless} harmless`,
      );
    }
    return lines;
  } finally {
    for (const work of undo.reverse()) await work();
  }
}
