/** The commands that ask the corpus: what they take, and their help. */
import type { Command } from 'commander';
import type { CommandContext } from './context.js';
import { repeatable, withFilters, withMode, withQueryFlags } from './query-flags.js';
import { MODEL_FLAG, MODEL_HELP, subcommand } from './subcommand.js';

export function addQueries(program: Command, context: CommandContext): void {
  addSearch(program, context);
  addSimilar(program, context);
  addRecommend(program, context);
  addPapers(program, context);
}

const HOW_TO_READ = `
Each paper comes with its similarity, the cosine, and with how unusual that is: "top 0.02 %" means that only 0.02 % of
random pairs of this corpus are as similar. "also" names other copies of the same paper.`;

const HOW_ORDERED = `
The order follows words as well as meaning, so similarities need not fall from line to line.`;

function addSearch(program: Command, context: CommandContext): void {
  withQueryFlags(
    withMode(subcommand(program, 'search <text...>', 'papers for a text').option(MODEL_FLAG, MODEL_HELP)),
  )
    .addHelpText(
      'after',
      `${HOW_TO_READ}${HOW_ORDERED}
- as text reads standard input. Words in double quotes must stand in the paper. An id or DOI finds that paper.

Examples:
  nearpaper search "agents that use a browser"
  nearpaper search protein folding --from 2023 --category 'q-bio.*' --explain
  nearpaper search '"chain of thought" for small models' -n 20
  nearpaper search - --json < abstract.txt`,
    )
    .action(async (words: string[], flags) => {
      const { searchCommand } = await import('./query.js');
      await searchCommand(context, words.join(' '), flags);
    });
}

function addSimilar(program: Command, context: CommandContext): void {
  withQueryFlags(withMode(subcommand(program, 'similar <id>', 'papers nearest to a paper of the corpus')))
    .addHelpText(
      'after',
      `${HOW_TO_READ}${HOW_ORDERED}
\`nearpaper papers\` lists the ids; arXiv ids and DOIs are found in every usual spelling.

Examples:
  nearpaper similar arXiv:2401.01335
  nearpaper similar 2401.01335 --diversity 0.3 --author LeCun`,
    )
    .action(async (id: string, flags) => {
      const { similarCommand } = await import('./query.js');
      await similarCommand(context, id, flags);
    });
}

function addRecommend(program: Command, context: CommandContext): void {
  withQueryFlags(
    withMode(
      subcommand(program, 'recommend', 'papers near those you like and away from those you do not').option(
        MODEL_FLAG,
        MODEL_HELP,
      ),
    )
      .addOption(repeatable('--positive <id>', 'like this paper'))
      .addOption(repeatable('--positive-text <text>', 'like this text'))
      .addOption(repeatable('--negative <id>', 'unlike this paper'))
      .addOption(repeatable('--negative-text <text>', 'unlike this text'))
      .option(
        '--strategy <name>',
        'best_score (near any one of them, the default) or average (near their mean)',
      )
      .option(
        '--request <file>',
        'instead of flags: the body of POST /v1/recommendations; - is standard input',
      ),
  )
    .addHelpText(
      'after',
      `${HOW_TO_READ}${HOW_ORDERED}
Papers and texts mix freely. Weights are given in a request, which takes every option that flags give:
  {"positives": [{"id": "arXiv:2401.01335", "weight": 2}, {"text": "self-play"}], "negatives": [], "limit": 20}

Examples:
  nearpaper recommend --positive 2401.01335 --positive-text "self-play" --negative 2305.18290
  nearpaper recommend --positive 2401.01335 --positive 2310.06825 --strategy average --from 2024
  nearpaper recommend --request reader.json --json`,
    )
    .action(async (flags) => {
      const { recommendCommand } = await import('./query.js');
      await recommendCommand(context, flags);
    });
}

function addPapers(program: Command, context: CommandContext): void {
  withFilters(subcommand(program, 'papers [ids...]', 'list the corpus, or look papers up by id'))
    .option('-n, --limit <number>', 'how many papers (default: 10)')
    .option('--all', 'every paper')
    .option('--json', 'print what the HTTP API gives; with --all one paper a line')
    .option('--cursor <next>', 'with --json: the page that begins at `next` of the page before')
    .addOption(
      repeatable('--fields <names>', 'with --json: what to print of each paper, such as title,abstract'),
    )
    .addHelpText(
      'after',
      `
With ids it prints all that the corpus knows of these papers, and exits 1 when it does not know one of them.

Examples:
  nearpaper papers --author "Y. LeCun" --from 2023-06
  nearpaper papers arXiv:2401.01335 10.1000/182
  nearpaper papers --all --json --fields id,title | wc -l`,
    )
    .action(async (ids: string[], flags) => {
      const { papersCommand } = await import('./papers.js');
      await papersCommand(context, ids, flags);
    });
}
