/** `nearpaper restore` */
import { NearpaperError } from '../errors.js';
import { type RestoreReport, restore } from '../generations/restore.js';
import { verifyIndex } from '../generations/verify.js';
import { countOf } from './amounts.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { CopyDisplay } from './copy-display.js';
import { printJson, printLine } from './output.js';

export async function restoreCommand(
  context: CommandContext,
  backup: string,
  flags: SettingFlags & { json?: boolean },
): Promise<void> {
  const { signal, stdout, stderr } = context;
  const { indexFolder } = configOf(context, flags);
  const started = performance.now();
  const display = new CopyDisplay(stderr, 'Restored');
  try {
    const verify = (folder: string) => refuseDamaged(folder, signal);
    const report = await restore(backup, indexFolder, { signal, onProgress: display.show, verify });
    display.end();
    const seconds = (performance.now() - started) / 1000;
    if (flags.json) printJson(stdout, { ...report, seconds });
    else for (const line of describe(report, seconds)) printLine(stdout, line);
  } finally {
    display.end();
  }
}

/** Errors: `index_damaged`, naming every part that is damaged. */
async function refuseDamaged(folder: string, signal: AbortSignal): Promise<void> {
  const problems: string[] = [];
  for await (const { status, part, detail } of verifyIndex(folder, signal)) {
    if (status === 'problem') problems.push(`${part}: ${detail}`);
  }
  if (problems.length === 0) return;
  throw new NearpaperError(
    'index_damaged',
    `The backup ${folder} is damaged, nothing was changed. ${problems.join(' ')} ` +
      `\`nearpaper verify ${folder}\` says what can be mended.`,
  );
}

function describe({ generation, from, papers, changes, replaced }: RestoreReport, seconds: number): string[] {
  const restored = `${countOf(papers, 'paper')} and ${countOf(changes ?? 0, 'change')} since`;
  return [
    replaced === null
      ? 'There was nothing published before.'
      : `Replaced: ${replaced.generation}, ${countOf(replaced.papers, 'paper')}, ${sinceThen(replaced.changes)}. It stays for a way back: write its name into CURRENT.`,
    `Restored ${from} as ${generation}: ${restored} (${seconds.toFixed(1)} s). A running service takes it up on SIGHUP.`,
  ];
}

function sinceThen(changes: number | null): string {
  return changes === null ? 'with a journal that cannot be read' : `${countOf(changes, 'change')} since`;
}
