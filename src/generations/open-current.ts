/** The published generation with every acknowledged change: what every reader answers from. */
import { messageOf, NearpaperError } from '../errors.js';
import { Pace } from '../pacing.js';
import type { Change } from '../papers/change.js';
import type { OpenVectorOptions } from '../vectors/open.js';
import { currentGeneration, type GenerationPath, requireGeneration } from './folder.js';
import { journalOf } from './journal-name.js';
import { type Generation, openGeneration } from './open.js';
import { Overlay } from './overlay.js';
import { pendingChanges } from './pending-changes.js';

/** A writer may publish, and remove what is in the new generation, while a reader is opening: then it begins again. */
const ATTEMPTS = 5;

/** Errors: `index_missing`, those of `openGeneration`, and `index_damaged` for a journal that cannot be read. */
export async function openCurrent(indexFolder: string, options: OpenVectorOptions): Promise<Overlay> {
  for (let attempt = 1; ; attempt++) {
    const path = await requireGeneration(indexFolder);
    let generation: Generation | undefined;
    try {
      generation = await openGeneration(path, options);
      const overlay = new Overlay(generation);
      const { manifest } = generation;
      await applyAll(overlay, await pendingChanges(journalOf(indexFolder, manifest), manifest));
      return overlay;
    } catch (thrown) {
      await generation?.close();
      if (attempt === ATTEMPTS || !(await wasReplaced(indexFolder, path))) throw thrown;
    }
  }
}

/** Applies changes, giving way to the event loop. */
export async function applyAll(overlay: Overlay, changes: Iterable<Change>): Promise<void> {
  const pace = new Pace();
  for (const change of changes) {
    if (pace.due()) await pace.turn();
    await overlay.apply(change);
  }
}

async function wasReplaced(indexFolder: string, path: GenerationPath): Promise<boolean> {
  const now = await currentGeneration(indexFolder).catch((thrown: unknown) => {
    throw new NearpaperError('index_damaged', messageOf(thrown), { cause: thrown });
  });
  return now !== null && now.name !== path.name;
}
