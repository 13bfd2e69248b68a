/** The same vectors under the same labels, reached by different changes to different bases. */
import { VectorOverlay } from '../../src/vectors/overlay.js';
import type { BaseIndex, VectorIndex } from '../../src/vectors/vector-index.js';
import { clustered } from './clustered.js';
import type { Entry } from './files.js';

export type OpenBase = (entries: readonly Entry[]) => Promise<BaseIndex>;

export type History = (open: OpenBase, entries: readonly Entry[], dimensions: number) => Promise<VectorIndex>;

/** Above all labels of tests but the largest there is. */
const STRANGERS = 0x7000_0000;

/** Vectors like the entries', under labels of their own. */
function strangers(entries: readonly Entry[], dimensions: number): Entry[] {
  return clustered(entries.length, dimensions, 700).map((vector, at) => [STRANGERS + at, vector]);
}

/** A view, and after it changes to everything that is in it. */
function viewBeforeMore(overlay: VectorOverlay, entries: readonly Entry[], dimensions: number): VectorIndex {
  const view = overlay.view();
  const later = strangers(entries, dimensions);
  for (const [at, [label]] of entries.entries()) {
    const [other, vector] = later[at] as Entry; // as many as there are entries
    if (at % 3 !== 0) overlay.remove(label);
    if (at % 3 !== 1) overlay.put(label, vector);
    overlay.put(other, vector);
  }
  return view;
}

export const HISTORIES = {
  'nothing changed': async (open, entries, dimensions) =>
    viewBeforeMore(new VectorOverlay(await open(entries)), entries, dimensions),

  'everything new, some of it several times': async (open, entries, dimensions) => {
    const overlay = new VectorOverlay(await open([]));
    const wrong = strangers(entries, dimensions);
    for (const [at, [label]] of entries.entries()) {
      if (at % 4 === 0) overlay.put(label, (wrong[at] as Entry)[1]);
      if (at % 8 === 0) overlay.remove(label);
    }
    for (const [label, vector] of entries) overlay.put(label, vector);
    return viewBeforeMore(overlay, entries, dimensions);
  },

  'half of it removed, half of it new': async (open, entries, dimensions) => {
    const half = Math.ceil(entries.length / 2);
    const gone = strangers(entries, dimensions).slice(0, half);
    const overlay = new VectorOverlay(await open([...entries.slice(0, half), ...gone]));
    for (const [label] of gone) overlay.remove(label);
    for (const [label, vector] of entries.slice(half)) overlay.put(label, vector);
    return viewBeforeMore(overlay, entries, dimensions);
  },

  'a quarter of the labels changed': async (open, entries, dimensions) => {
    const wrong = strangers(entries, dimensions);
    const base = entries.map(
      ([label, vector], at): Entry => [label, at % 4 === 1 ? (wrong[at] as Entry)[1] : vector],
    );
    const overlay = new VectorOverlay(await open(base));
    for (const [at, [label, vector]] of entries.entries()) if (at % 4 === 1) overlay.put(label, vector);
    return viewBeforeMore(overlay, entries, dimensions);
  },

  'every label removed and put again': async (open, entries, dimensions) => {
    const wrong = strangers(entries, dimensions);
    const overlay = new VectorOverlay(
      await open(entries.map(([label], at) => [label, (wrong[at] as Entry)[1]])),
    );
    for (const [label] of entries) overlay.remove(label);
    for (const [label, vector] of entries) overlay.put(label, vector);
    return viewBeforeMore(overlay, entries, dimensions);
  },
} satisfies Record<string, History>;
