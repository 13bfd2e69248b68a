/** `nearpaper sync`: an index that follows files. */
import type { Command } from 'commander';
import { FORMAT_NAMES } from '../papers/formats/format.js';
import type { CommandContext } from './context.js';
import { MODEL_FLAG, MODEL_HELP, subcommand } from './subcommand.js';

export function addSync(program: Command, context: CommandContext, report: (code: number) => void): void {
  subcommand(program, 'sync <names...>', 'import files and folders now, and again whenever they change')
    .option('--watch', 'import when the system tells of a change (the default)')
    .option('--every <duration>', 'look for changes by the clock instead, such as 30s, 15m, 1h or 1d')
    .option(MODEL_FLAG, MODEL_HELP)
    .option('--format <name>', `format of the files instead of recognising it: ${FORMAT_NAMES.join(', ')}`)
    .option('--strict', 'a bad record fails the pass instead of being skipped')
    .option('--prune', 'remove papers that the files no longer name')
    .option('--force', 'prune even after bad records, or over a fifth of the corpus')
    .option('--json', 'print one line of JSON for each pass')
    .addHelpText(
      'after',
      `
Each pass is \`nearpaper build\` of the names; one in which no file has changed reads nothing. Files that are still being
written are waited for. A pass that fails leaves the index as it was and is tried again. SIGHUP asks for a pass at once;
Ctrl-C and SIGTERM end it.

Network file systems and some mounts of containers tell nobody of changes: take --every there.

Examples:
  nearpaper sync exports/
  nearpaper sync library.bib /mnt/papers --every 15m --prune`,
    )
    .action(async (names: string[], flags) => {
      const { syncCommand } = await import('./sync.js');
      report(await syncCommand(context, names, flags));
    });
}
