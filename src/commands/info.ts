/** `nearpaper info` */
import { type About, aboutGeneration } from '../generations/about.js';
import { openPublished } from '../open-corpus.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { printJson, printLine } from './output.js';
import { nearpaperVersion } from './version.js';

export async function infoCommand(
  context: CommandContext,
  flags: SettingFlags & { json?: boolean },
): Promise<void> {
  const config = configOf(context, flags);
  const generation = await openPublished(config);
  try {
    const about = aboutGeneration(generation);
    if (flags.json) printJson(context.stdout, { version: nearpaperVersion(), ...about });
    else for (const line of describe(about, config.indexFolder)) printLine(context.stdout, line);
  } finally {
    await generation.close();
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
  if (search.recall !== null) {
    const { recall, k, queries } = search.recall;
    lines.push(`Recall@${k}   ${recall.toFixed(4)} of HNSW against exact search, over ${queries} papers`);
  }
  if (search.note !== null) lines.push(`Note        ${search.note}`);
  return lines;
}
