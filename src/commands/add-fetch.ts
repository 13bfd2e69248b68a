/** `nearpaper fetch`: papers from where they are published. This file says what --help needs and no more. */
import type { Command } from 'commander';
import type { CommandContext } from './context.js';
import type { FetchArxivFlags, FetchFlags } from './fetch.js';
import { MODEL_FLAG, MODEL_HELP, subcommand } from './subcommand.js';

export function addFetch(program: Command, context: CommandContext): void {
  const fetching = program
    .command('fetch')
    .description('papers from arXiv or Hugging Face: what is new since, added to the index');
  addArxiv(fetching, context);
  addDailyPapers(fetching, context);
}

function addArxiv(fetching: Command, context: CommandContext): void {
  const command = subcommand(fetching, 'arxiv', 'papers of arXiv, by category, over OAI-PMH').requiredOption(
    '--category <name>',
    'such as cs.CL or hep-th, or a whole archive such as cs; may be given several times',
    (name: string, before: string[] | undefined) => [...(before ?? []), name],
  );
  addFlags(command, { since: 'that of the last run without --until', kept: 'pages' })
    .addHelpText(
      'after',
      `
Days are those on which a record last changed: older papers come too when arXiv has changed what it says of them, and
all that come are kept. arXiv allows one request every 3 seconds, each for some thousand papers.

The same command again fetches what is new since; one that was stopped goes on where it was. Run it once a day.

Examples:
  nearpaper fetch arxiv --category cs.CL --since 2024-01-01
  nearpaper fetch arxiv --category cs.CL --category cs.LG
  nearpaper fetch arxiv --category hep-th --since 2026-01-01 --download-only --to pages`,
    )
    .action(async (flags: FetchArxivFlags) => {
      const { fetchArxivCommand } = await import('./fetch.js');
      await fetchArxivCommand(context, flags);
    });
}

function addDailyPapers(fetching: Command, context: CommandContext): void {
  const command = subcommand(fetching, 'daily-papers', 'the daily papers of Hugging Face');
  addFlags(command, { since: 'that of the last run without --until, at first a week ago', kept: 'lists' })
    .addHelpText(
      'after',
      `
One list a day, one request a second. The same command again fetches the days since, and the last three days again, since
their lists may have grown.

Examples:
  nearpaper fetch daily-papers
  nearpaper fetch daily-papers --since 2026-01-01`,
    )
    .action(async (flags: FetchFlags) => {
      const { fetchDailyPapersCommand } = await import('./fetch.js');
      await fetchDailyPapersCommand(context, flags);
    });
}

/** The flags that both have. `since`: the first day where none is said; `kept`: what lies in the folder. */
function addFlags(command: Command, { since, kept }: { since: string; kept: string }): Command {
  return command
    .option('--since <day>', `the first day, YYYY-MM-DD; if not said, ${since}`)
    .option('--until <day>', 'the last day; if not said, today')
    .option('--to <folder>', `folder to keep the ${kept} in; if not said, "fetched" in the index folder`)
    .option('--download-only', 'leave the index alone')
    .option('--dry-run', 'download, and say what the index would gain without changing it')
    .option(MODEL_FLAG, MODEL_HELP)
    .option('--url <base>', 'another address of the interface')
    .option('--json', 'print the report as JSON');
}
