/** `nearpaper info` */
import { type About, aboutCorpus } from '../generations/about.js';
import { openPublished } from '../open-corpus.js';
import { percentileOf, type QueryKind } from '../recommend/calibration.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { printJson, printLine } from './output.js';
import { nearpaperVersion } from './version.js';

export async function infoCommand(
  context: CommandContext,
  flags: SettingFlags & { json?: boolean },
): Promise<void> {
  const config = configOf(context, flags);
  const overlay = await openPublished(config);
  try {
    const about = aboutCorpus(overlay, overlay.view());
    if (flags.json) printJson(context.stdout, { version: nearpaperVersion(), ...about });
    else for (const line of describe(about, config.indexFolder)) printLine(context.stdout, line);
  } finally {
    await overlay.close();
  }
}

function describe(about: About, folder: string): string[] {
  const { model, search } = about;
  const lines = [
    `Index       ${folder}, generation ${about.generation} of ${about.created}`,
    `Papers      ${about.papers}${about.sample ? ' (the sample corpus; your first build replaces it)' : ''}`,
    `Model       ${model.name}, ${model.dimensions} dimensions, fingerprint ${model.fingerprint}`,
    `Search      ${search.engine === 'hnsw' ? `HNSW, search effort ${search.hnsw?.ef}` : 'exact'}`,
  ];
  if (about.pendingChanges > 0) {
    lines.push(
      `Changes     ${about.pendingChanges} in force that the next rebuild or build makes part of the index`,
    );
  }
  if (search.recall !== null) {
    const { recall, k, queries } = search.recall;
    lines.push(`Recall@${k}   ${recall.toFixed(4)} of HNSW against exact search, over ${queries} papers`);
  }
  if (search.note !== null) lines.push(`Note        ${search.note}`);
  lines.push(
    `Keywords    ${about.keywords.terms} different terms`,
    `Good match  ${describeFloor(about.calibration)}`,
    `Similarity  ${describePercentiles(about.calibration)}`,
  );
  return lines;
}

/** Where noGoodMatch ends, for the two lengths of text that it was fitted to. */
function describeFloor({ floor }: About['calibration']): string {
  if (floor === null) return 'not marked: the corpus is too small to say what a good match is';
  const { title, abstract } = floor;
  const short = `from ${title.similarity.toFixed(3)} for a text of ${Math.round(title.words)} words`;
  if (abstract === null) return `${short}, and for longer ones`;
  return `${short}, from ${abstract.similarity.toFixed(3)} for one of ${Math.round(abstract.words)}`;
}

const KINDS: readonly [kind: QueryKind, of: string][] = [
  ['paper', 'papers'],
  ['text', 'short texts'],
];
const TOP_SHARES = [1, 0.01];
/** A share of fewer pairs than this would be a guess. */
const FEWEST_PAIRS = 5;

/** What the nearest 1 % and 0.01 % of random pairs reach: a similarity means little without. */
function describePercentiles(calibration: About['calibration']): string {
  const shares = TOP_SHARES.flatMap((share) => {
    const reached = KINDS.filter(([kind]) => {
      const pairs = calibration.percentiles[kind]?.pairs ?? 0;
      return (pairs * share) / 100 >= FEWEST_PAIRS;
    }).map(([kind, of]) => `${similarityOfTop(calibration, kind, share).toFixed(3)} for ${of}`);
    return reached.length === 0 ? [] : `top ${share} % from ${reached.join(', ')}`;
  });
  return shares.length === 0
    ? 'the corpus is too small to say what is unusual'
    : `of random pairs, ${shares.join('; ')}`;
}

const STEPS_OF_ONE = 10_000;

/** The least similarity, in steps of .0001, that no more than `share` percent of random pairs exceed. */
function similarityOfTop(calibration: About['calibration'], kind: QueryKind, share: number): number {
  let low = -STEPS_OF_ONE;
  let high = STEPS_OF_ONE;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const percentile = percentileOf(calibration, kind, middle / STEPS_OF_ONE);
    if (percentile === null || percentile >= 100 - share) high = middle;
    else low = middle + 1;
  }
  return low / STEPS_OF_ONE;
}
