import { type Command, Option } from 'commander';

/** A subcommand with the options that all of them share. */
export function subcommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(new Option('--index <folder>', 'folder of store and index (NEARPAPER_INDEX)'));
}

export const MODEL_FLAG = '--model <name>';
export const MODEL_HELP = 'embedding model: a vendored name, a folder or a hub id (NEARPAPER_MODEL)';
