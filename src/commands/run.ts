/** The command line: which commands there are, what they take, and what their failures exit with. */
import { Command, CommanderError, Option } from 'commander';
import { SETTING_LIST } from '../config.js';
import { type ErrorCode, messageOf, NearpaperError } from '../errors.js';
import { FORMAT_NAMES } from '../papers/formats/format.js';
import { addEvaluate } from './add-evaluate.js';
import { addFetch } from './add-fetch.js';
import { addOperations } from './add-operations.js';
import { addQueries } from './add-queries.js';
import { addRebuilds } from './add-rebuilds.js';
import { addSync } from './add-sync.js';
import { HOW_TO_FIND_IDS } from './answer-text.js';
import type { CommandContext } from './context.js';
import { printLine } from './output.js';
import { MODEL_FLAG, MODEL_HELP, subcommand } from './subcommand.js';
import { nearpaperVersion } from './version.js';

/** Exit codes: 0 done, 1 failed, 2 wrong use or settings, 130 and 143 stopped by SIGINT and SIGTERM. */
const FAILED = 1;
const WRONG_USE = 2;
const STOPPED = { SIGINT: 130, SIGTERM: 143 } as const;

/** Runs the command that the arguments name, and resolves to its exit code; never rejects. */
export async function run(context: CommandContext): Promise<number> {
  let code = 0;
  const program = createProgram(context, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...context.arguments], { from: 'user' });
    return code;
  } catch (thrown) {
    return exitCodeOf(context, thrown);
  }
}

function exitCodeOf(context: CommandContext, thrown: unknown): number {
  // Commander has printed its message, or the help that was asked for, already.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : WRONG_USE;
  const stopped = context.stoppedBy();
  if (stopped !== undefined && context.signal.aborted) {
    const cancelled =
      thrown instanceof NearpaperError ? thrown.code === 'cancelled' : thrown === context.signal.reason;
    if (cancelled) return STOPPED[stopped];
  }
  if (thrown instanceof NearpaperError) {
    printLine(context.stderr, `nearpaper: ${adviceOf(thrown)}`);
    return WRONG_USES.has(thrown.code) ? WRONG_USE : FAILED;
  }
  // Not one of the failures we know: the stack helps whoever mends it.
  printLine(
    context.stderr,
    `nearpaper: unexpected failure: ${thrown instanceof Error ? thrown.stack : messageOf(thrown)}`,
  );
  return FAILED;
}

/** Failures that another command line, or another request in a file, would not meet. */
const WRONG_USES: ReadonlySet<ErrorCode> = new Set([
  'usage',
  'config_invalid',
  'invalid_request',
  'unknown_parameter',
  'invalid_json',
  'invalid_text',
  'text_too_long',
]);

/** The message, and what to do where the message alone does not say. */
function adviceOf({ code, message, details: { accepted } }: NearpaperError): string {
  if (code === 'unknown_paper') return `${message} ${HOW_TO_FIND_IDS}`;
  if (!WRONG_USES.has(code) || accepted === undefined || message.includes(accepted)) return message;
  return `${message} Accepted: ${accepted}.`;
}

type Report = (code: number) => void;

function createProgram(context: CommandContext, report: Report): Command {
  const program = new Command('nearpaper')
    .description('The nearest papers of your own corpus, from a model that runs inside the process.')
    .version(nearpaperVersion(), '-V, --version')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      `\nSettings (environment, or a .env file in the working folder):\n${settingsHelp()}`,
    );
  addBuild(program, context);
  addRebuilds(program, context);
  addSync(program, context, report);
  addFetch(program, context);
  addServe(program, context, report);
  addQueries(program, context);
  addOperations(program, context, report);
  addEvaluate(program, context);
  addChecks(program, context, report);
  return program;
}

function addBuild(program: Command, context: CommandContext): void {
  subcommand(program, 'build [files...]', 'read papers, embed what changed, publish the index')
    .option(MODEL_FLAG, MODEL_HELP)
    .option('--format <name>', `format of the input instead of recognising it: ${FORMAT_NAMES.join(', ')}`)
    .option('--strict', 'stop at the first bad record instead of skipping it')
    .option('--prune', 'remove papers that the input does not name')
    .option('--force', 'prune even after bad records, or over a fifth of the corpus')
    .option('--fresh', 'start from an empty corpus, whatever is published')
    .option('--sample', 'build the sample corpus that ships with nearpaper; your first build replaces it')
    .option('--discard-changes', 'drop live changes that are not in the published index and cannot be read')
    .option('--dry-run', 'read everything and report what a build would do; write nothing')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Files hold papers as JSONL, a JSON array, CSV or TSV, BibTeX, RIS, CSL-JSON (Zotero), or as arXiv (API, OAI-PMH,
snapshot), Semantic Scholar (API, datasets), OpenAlex, PubMed and Hugging Face daily papers give them: told by the
content, gzip too. A folder stands for the files in it, - for standard input. New papers are added and changed ones updated;
texts that were embedded before are not embedded again. Without files the index is brought up to date with the
stored papers: after --model, or when it is damaged. A build that was stopped resumes.

A running service keeps its generation until it gets SIGHUP.

Examples:
  nearpaper build papers.jsonl.gz
  nearpaper build --dry-run library.bib
  zcat dump.csv.gz | nearpaper build -
  nearpaper build --model bge-small-en-v1.5`,
    )
    .action(async (files: string[], flags) => {
      const { buildCommand } = await import('./build.js');
      await buildCommand(context, files, flags);
    });
}

function addServe(program: Command, context: CommandContext, report: Report): void {
  const serving = (command: Command) =>
    command
      .option('--port <number>', 'port to listen on (PORT)')
      .option('--host <address>', 'address to listen on (HOST)')
      .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent (LOG_LEVEL)')
      .addOption(
        new Option(
          '--follow [seconds]',
          'take up by itself what is published, looking every so many seconds, 5 if not said (NEARPAPER_FOLLOW)',
        ).preset('5'),
      )
      .option(MODEL_FLAG, MODEL_HELP);
  serving(subcommand(program, 'serve', 'answer over HTTP from the published index; never builds')).action(
    async (flags) => {
      const { serveCommand } = await import('./serve.js');
      report(await serveCommand(context, flags));
    },
  );
  serving(
    subcommand(program, 'start', 'serve; where no index exists, build the sample corpus of 47 papers first'),
  ).action(async (flags) => {
    const { startCommand } = await import('./serve.js');
    report(await startCommand(context, flags));
  });
}

function addChecks(program: Command, context: CommandContext, report: Report): void {
  subcommand(program, 'info', 'what the published index holds')
    .option('--json', 'print it as JSON')
    .action(async (flags) => {
      const { infoCommand } = await import('./info.js');
      await infoCommand(context, flags);
    });
  subcommand(program, 'doctor', 'check Node, native modules, the model, and the index against the store')
    .option(MODEL_FLAG, MODEL_HELP)
    .option('--json', 'print the findings as JSON')
    .action(async (flags) => {
      const { doctorCommand } = await import('./doctor.js');
      report(await doctorCommand(context, flags));
    });
}

function settingsHelp(): string {
  return SETTING_LIST.map(
    ({ name, shown, help }) => `  ${name}${shown === '' ? '' : ` (${shown})`}\n      ${help}`,
  ).join('\n');
}
