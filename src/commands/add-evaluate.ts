/** `nearpaper evaluate`: what it takes, and its help. */
import type { Command } from 'commander';
import type { CommandContext } from './context.js';
import { MODEL_FLAG, subcommand } from './subcommand.js';

export function addEvaluate(program: Command, context: CommandContext): void {
  subcommand(
    program,
    'evaluate',
    'measure how well judged queries find the papers that people chose for them',
  )
    .requiredOption('--queries <file>', 'JSONL: id, and text or paperId (a paper of the corpus)')
    .requiredOption('--qrels <file>', 'judgements: query, paper, grade between tabs, or as TREC has them')
    .option('--pools <file>', 'JSONL: id and candidates; exactly these papers are ranked, exhaustively')
    .option(
      '--corpus <files...>',
      'evaluate these papers instead of the published index, which stays as it is',
    )
    .option(
      '--keep <folder>',
      'with --corpus: keep the index there, so that only changes are embedded next time',
    )
    .option(MODEL_FLAG, 'with --corpus: the embedding model (NEARPAPER_MODEL)')
    .option('--mode <mode>', 'hybrid (meaning and words, the default), semantic or keyword')
    .option('--against <mode or run>', 'compare with another mode, or with a TREC run file')
    .option('--threshold <grade>', 'the lowest grade of a relevant paper (default: 1)')
    .option('--depth <number>', 'how many results of each query count, from 100 to 1000 (default: 100)')
    .option('--run <file>', 'write the rankings as a TREC run file')
    .option('--per-query <file>', 'write the metrics of each query, between tabs')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Every query is answered as the service answers it; a paper never finds itself. Metrics are means over the queries that
have a relevant paper, from 0 to 1: MAP, nDCG@10 (gain is the grade), Recall@20, Recall@100, MRR; with --pools also
NDCG%20, the one of CSFCube. Every result is compared with those below it to find copies, so the time of a query grows
with the square of --depth; only MAP and MRR look further than 100 results. Intervals are of 95 %, by bootstrap over
queries. p is of a paired randomisation test: below 0.05 the difference is hardly due to the choice of queries.

Examples:
  nearpaper evaluate --queries queries.jsonl --qrels qrels.tsv --against keyword
  nearpaper evaluate --queries queries.jsonl --qrels qrels.tsv --pools pools.jsonl --threshold 2
  nearpaper evaluate --corpus papers.jsonl.gz --keep /tmp/bge --model bge-small-en-v1.5 \\
    --queries queries.jsonl --qrels qrels.tsv --against minilm.trec`,
    )
    .action(async (flags) => {
      const { evaluateCommand } = await import('./evaluate.js');
      await evaluateCommand(context, flags);
    });
}
