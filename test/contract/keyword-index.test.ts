import { keywordIndexOf, openKeywordIndex } from '../../src/keywords/keyword-file.js';
import { KeywordOverlay } from '../../src/keywords/overlay.js';
import { paperTerms } from '../../src/keywords/paper-terms.js';
import { writeKeywords } from '../keywords/files.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { keywordIndexContract, type LabelledPaper } from './keyword-index.js';

keywordIndexContract({ name: 'in memory', open: async (_t, papers) => keywordIndexOf(papers) });

keywordIndexContract({
  name: 'from a file',
  async open(t, papers) {
    const folder = await temporaryFolder(t);
    return openKeywordIndex(folder, await writeKeywords(folder, papers));
  },
});

/** Over a base of these papers, which must be as long in the mean as those that stand in the end. */
async function overlayOver(base: LabelledPaper[]): Promise<KeywordOverlay> {
  const lengths = base.map(([, paper]) => paperTerms(paper).length);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const ascending = base.toSorted(([a], [b]) => a - b);
  return new KeywordOverlay(await keywordIndexOf(ascending), lengths.length === 0 ? null : mean);
}

keywordIndexContract({
  name: 'an overlay with nothing changed',
  open: async (_t, papers) => (await overlayOver([...papers])).view(),
});

keywordIndexContract({
  name: 'an overlay with everything in the delta',
  async open(_t, papers) {
    // Whatever their mean length, no paper of the base stands.
    const overlay = await overlayOver([...papers]);
    for (const [label] of papers) overlay.remove(label);
    for (const [label, paper] of papers.toReversed()) overlay.put(label, paper);
    return overlay.view();
  },
});

keywordIndexContract({
  name: 'an overlay with half of the base masked',
  async open(_t, papers) {
    const used = new Set(papers.map(([label]) => label));
    const free = Array.from({ length: 2 * papers.length }, (_, label) => label).filter(
      (label) => !used.has(label),
    );
    const doubles = papers.map(([, paper], i): LabelledPaper => [free[i] ?? 0, paper]);
    const overlay = await overlayOver([...papers, ...doubles]);
    for (const [label] of doubles) overlay.remove(label);
    return overlay.view();
  },
});

keywordIndexContract({
  name: 'an overlay with changed labels',
  async open(_t, papers) {
    // Of the papers in odd places each first has the text of the next one.
    const changed = papers.filter((_, place) => place % 2 === 1);
    const before = changed.map(([label, paper], i): LabelledPaper => [label, changed[i + 1]?.[1] ?? paper]);
    const [first] = changed;
    const last = before.pop();
    if (first !== undefined && last !== undefined) before.push([last[0], first[1]]);
    const overlay = await overlayOver([...papers.filter((_, place) => place % 2 === 0), ...before]);
    for (const [label, paper] of changed) {
      overlay.put(label, { title: 'Zebra graph', abstract: 'protein' });
      overlay.put(label, paper);
    }
    return overlay.view();
  },
});
