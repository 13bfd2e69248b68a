/** `nearpaper rebuild` and `nearpaper reembed`: the next generation from what is stored, without any input. */
import type { Command } from 'commander';
import type { CommandContext, SettingFlags } from './context.js';
import { subcommand } from './subcommand.js';

export function addRebuilds(program: Command, context: CommandContext): void {
  subcommand(program, 'rebuild', 'make the index anew from the stored papers and their embeddings')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Live changes become part of the index; no paper is embedded again. Mends a damaged index whose store is whole. A service
that takes live changes does it by itself, and on POST /v1/admin/rebuild.

Example:
  nearpaper rebuild`,
    )
    .action(async (flags: SettingFlags & { json?: boolean }) => {
      const { buildAnew } = await import('./build.js');
      await buildAnew(context, flags, { rebuild: true });
    });
  subcommand(program, 'reembed <model>', 'embed the stored papers with another model, and publish')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
The published index serves until the new one is whole; a stopped run resumes. A service that takes live changes does it
on POST /v1/admin/reembed while it goes on answering and taking changes.

Example:
  nearpaper reembed bge-small-en-v1.5`,
    )
    .action(async (model: string, flags: SettingFlags & { json?: boolean }) => {
      const { buildAnew } = await import('./build.js');
      await buildAnew(context, { ...flags, model }, {});
    });
}
