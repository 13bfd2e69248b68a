/** The commands that keep a corpus safe: what they take, and their help. */
import type { Command } from 'commander';
import type { CommandContext } from './context.js';
import { subcommand } from './subcommand.js';

/** `report`: takes the exit code. */
export function addOperations(
  program: Command,
  context: CommandContext,
  report: (code: number) => void,
): void {
  addBackup(program, context);
  addRestore(program, context);
  addVerify(program, context, report);
  addExport(program, context);
}

function addBackup(program: Command, context: CommandContext): void {
  subcommand(program, 'backup <folder>', 'copy the index and its changes, also while a service writes')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
The folder must not be there, or be empty; it gets its name once everything in it is verified and on disk. It is an
index folder itself: --index serves it, \`nearpaper verify\` looks at it, \`nearpaper restore\` brings it back.

Example:
  nearpaper backup /backups/$(date +%F)`,
    )
    .action(async (folder: string, flags) => {
      const { backupCommand } = await import('./backup.js');
      await backupCommand(context, folder, flags);
    });
}

function addRestore(program: Command, context: CommandContext): void {
  subcommand(program, 'restore <folder>', 'verify a backup and publish it as a new generation')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
What was published stays beside it: to go back, write the name of its generation into the file CURRENT. A service that
writes must be stopped first; one that only reads takes the restored corpus up on SIGHUP.

Example:
  nearpaper restore /backups/2026-01-31`,
    )
    .action(async (folder: string, flags) => {
      const { restoreCommand } = await import('./restore.js');
      await restoreCommand(context, folder, flags);
    });
}

function addVerify(program: Command, context: CommandContext, report: (code: number) => void): void {
  subcommand(program, 'verify [folder]', 'read the whole index, or a backup, and say what is damaged')
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      `
Reads every file whole: checksums, the store, every embedding, vector and link, the words, the changes. It needs no
model, says of every damaged part what mends it, and exits 1 where there is one.

Examples:
  nearpaper verify
  nearpaper verify /backups/2026-01-31`,
    )
    .action(async (folder: string | undefined, flags) => {
      const { verifyCommand } = await import('./verify.js');
      report(await verifyCommand(context, folder, flags));
    });
}

function addExport(program: Command, context: CommandContext): void {
  subcommand(program, 'export [file]', 'write every paper as JSONL, which build reads')
    .option('--vectors', 'add to each paper its vector and the fingerprint of the model that made it')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Without a file, or with -, the papers go to standard output and the report to standard error. A file is there whole or
not at all; one whose name ends in .gz is gzipped.

Examples:
  nearpaper export papers.jsonl.gz
  nearpaper export --vectors - | head -n 1`,
    )
    .action(async (file: string | undefined, flags) => {
      const { exportCommand } = await import('./export.js');
      await exportCommand(context, file ?? '-', flags);
    });
}
