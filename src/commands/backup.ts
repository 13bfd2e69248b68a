/** `nearpaper backup` */
import { backUp } from '../generations/backup.js';
import { countOf, sizeOf } from './amounts.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { CopyDisplay } from './copy-display.js';
import { printJson, printLine } from './output.js';

export async function backupCommand(
  context: CommandContext,
  folder: string,
  flags: SettingFlags & { json?: boolean },
): Promise<void> {
  const { signal, stdout, stderr } = context;
  const { indexFolder } = configOf(context, flags);
  const started = performance.now();
  const display = new CopyDisplay(stderr, 'Copied');
  try {
    const report = await backUp(indexFolder, folder, { signal, onProgress: display.show });
    display.end();
    const seconds = (performance.now() - started) / 1000;
    if (flags.json) return printJson(stdout, { ...report, seconds });
    const { generation, papers, changes, bytes } = report;
    const what = `${generation}, ${countOf(papers, 'paper')}, ${countOf(changes, 'change')} since`;
    printLine(stdout, `Backed up to ${report.folder}: ${what}; ${sizeOf(bytes)} (${seconds.toFixed(1)} s).`);
  } finally {
    display.end();
  }
}
