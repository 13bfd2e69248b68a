/** Help, version, and what is said to a command line that is wrong. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { readConfig, SETTING_LIST } from '../../src/config.js';
import { requestSchemas } from '../../src/recommend/requests.js';
import { RunningCommand, runCommand } from '../support/command.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
let cwd: string;
before(async () => {
  cwd = await temporaryFolder(file);
});

const FILTER_FLAGS = ['--from', '--to', '--category', '--venue', '--author'];
const QUERY_FLAGS = [
  '--limit',
  ...FILTER_FLAGS,
  '--only',
  '--exclude',
  '--min-similarity',
  '--diversity',
  '--explain',
  '--exact',
  '--json',
  '--fields',
];
const FLAGS: Record<string, string[]> = {
  build: [
    '--index',
    '--model',
    '--format',
    '--strict',
    '--prune',
    '--force',
    '--fresh',
    '--discard-changes',
    '--sample',
    '--dry-run',
    '--json',
  ],
  fetch: ['arxiv', 'daily-papers'],
  sync: ['--index', '--model', '--watch', '--every', '--format', '--strict', '--prune', '--force', '--json'],
  serve: ['--index', '--model', '--port', '--host', '--log-level', '--follow'],
  start: ['--index', '--model', '--port', '--host', '--log-level'],
  search: ['--index', '--model', '--mode', ...QUERY_FLAGS],
  similar: ['--index', '--mode', ...QUERY_FLAGS],
  recommend: [
    '--index',
    '--model',
    '--positive',
    '--positive-text',
    '--negative',
    '--negative-text',
    '--strategy',
    '--request',
    ...QUERY_FLAGS,
  ],
  papers: ['--index', ...FILTER_FLAGS, '--limit', '--all', '--json', '--fields', '--cursor'],
  evaluate: [
    '--index',
    '--queries',
    '--qrels',
    '--pools',
    '--corpus',
    '--keep',
    '--model',
    '--mode',
    '--against',
    '--threshold',
    '--depth',
    '--run',
    '--per-query',
    '--json',
  ],
  rebuild: ['--index', '--json'],
  reembed: ['--index', '--json'],
  backup: ['--index', '--json'],
  restore: ['--index', '--json'],
  verify: ['--index', '--json'],
  export: ['--index', '--vectors', '--json'],
  info: ['--index', '--json'],
  doctor: ['--index', '--model', '--json'],
};

describe('help', () => {
  it('names every command and every setting, and exits 0', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { code, stdout, stderr } = await runCommand(args, { cwd });
      assert.equal(code, 0);
      assert.equal(stderr, '');
      for (const command of Object.keys(FLAGS)) assert.match(stdout, new RegExp(`^  ${command}\\b`, 'm'));
      for (const { name } of SETTING_LIST) assert.match(stdout, new RegExp(`^  ${name}\\b`, 'm'));
    }
  });

  for (const [command, flags] of Object.entries(FLAGS)) {
    it(`of ${command} names its flags and exits 0`, async () => {
      const { code, stdout } = await runCommand([command, '--help'], { cwd });
      assert.equal(code, 0);
      for (const flag of flags) assert.match(stdout, new RegExp(`${flag}\\b`));
    });
  }

  it('names the defaults that requests have', async () => {
    const schemas = requestSchemas(readConfig({}).limits);
    const { mode, limit } = schemas.search.parse({ q: 'x' });
    assert.equal(schemas.similar.parse({}).mode, mode);
    const { strategy } = schemas.recommendations.parse({ positives: [{ id: 'x' }] });
    const helpOf = async (command: string) =>
      (await runCommand([command, '--help'], { cwd })).stdout.replaceAll(/\s+/g, ' ');
    for (const command of ['search', 'similar', 'evaluate']) {
      assert.match(await helpOf(command), new RegExp(`--mode <mode> ${mode} \\([^)]*the default\\)`));
    }
    assert.match(await helpOf('papers'), new RegExp(`how many papers \\(default: ${limit}\\)`));
    assert.match(
      await helpOf('recommend'),
      new RegExp(`--strategy <name> ${strategy} \\([^)]*the default\\)`),
    );
  });

  it('goes into a pipe that is closed early without a word', async () => {
    const running = new RunningCommand(['--help'], { cwd });
    running.child.stdout?.destroy();
    const { code, stderr } = await running.finished;
    assert.equal(stderr, '');
    assert.equal(code, 0);
  });
});

describe('the version', () => {
  it('is the one of the package', async () => {
    const { code, stdout } = await runCommand(['--version'], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\S*\n$/);
  });
});

describe('a wrong command line exits 2', () => {
  const wrong: [what: string, args: string[], says: RegExp][] = [
    ['no command at all, with the help', [], /Usage: nearpaper/],
    ['an unknown command, naming the nearest', ['serch', 'x'], /unknown command 'serch'[\s\S]*search/],
    [
      'an unknown flag, naming the nearest',
      ['search', 'x', '--limt', '3'],
      /unknown option '--limt'[\s\S]*--limit/,
    ],
    ['a missing argument', ['search'], /missing required argument 'text'/],
    ['an argument too many', ['similar', 'a', 'b'], /too many arguments/],
    [
      'a limit that is no number',
      ['search', 'x', '-n', 'ten'],
      /--limit must be a whole number from 1 to 100\./,
    ],
    ['a limit of 0', ['similar', 'x', '-n', '0'], /--limit must be a whole number from 1 to 100\./],
    ['an unknown format', ['build', '--format', 'xml', '/dev/null'], /Unknown format "xml"[\s\S]*jsonl/],
    [
      'a port that is no number',
      ['serve', '--port', 'http'],
      /PORT must be a whole number from 0 to 65535, not "http"/,
    ],
    ['a build without files and without an index', ['build'], /Name at least one file/],
    ['an empty query', ['search', ' '], /The text is empty/],
    ['a query that is too long', ['search', 'x'.repeat(20_001)], /The text is longer than 20000 characters/],
    [
      'an unknown mode',
      ['search', 'x', '--mode', 'fuzzy'],
      /--mode must be one of hybrid, semantic, keyword\./,
    ],
    [
      'an unknown mode for similar papers',
      ['similar', 'x', '--mode', 'fuzzy'],
      /--mode must be one of hybrid, semantic, keyword\./,
    ],
    [
      'a day that is none',
      ['search', 'x', '--from', '2024-13'],
      /--from must be a day, month or year: 2024-05-31/,
    ],
    [
      'days that exclude each other',
      ['papers', '--from', '2024', '--to', '2023'],
      /--from is later than --to\./,
    ],
    [
      'a similarity out of range',
      ['similar', 'x', '--min-similarity=-2'],
      /--min-similarity must be a number from/,
    ],
    [
      'several flags at once, all of them told',
      ['similar', 'x', '--diversity', 'much', '--venue', '?'],
      /--venue must be words of a venue.*--diversity must be a number from 0 to 1\./,
    ],
    [
      'an empty id among others',
      ['search', 'x', '--only', ''],
      /--only must be a list of 1 to 500 ids, not ""/,
    ],
    ['an empty id to exclude', ['search', 'x', '--exclude', ''], /--exclude must be a list of 1 to 500 ids/],
    ['fields without --json', ['search', 'x', '--fields', 'title'], /--fields chooses what --json prints/],
    [
      'an unknown field, naming the nearest',
      ['papers', '--json', '--fields', 'id,titel'],
      /--fields must be a list of id, title.*not "titel"; did you mean title\?\n/,
    ],
    [
      'a recommendation without positives',
      ['recommend', '--negative', 'x'],
      /--positive <id>, --positive-text/,
    ],
    ['an empty seed', ['recommend', '--positive', ''], /--positive must be a list of 1 to 500 ids, not ""/],
    [
      'an empty text as seed',
      ['recommend', '--negative-text', ' ', '--positive', 'x'],
      /--negative-text is empty/,
    ],
    [
      'an unknown strategy',
      ['recommend', '--positive', 'x', '--strategy', 'best'],
      /--strategy must be best_score or average/,
    ],
    [
      'flags beside a request',
      ['recommend', '--request', '-', '--positive', 'x'],
      /--positive cannot be given together with --request/,
    ],
    ['filters beside ids', ['papers', 'x', '--from', '2024'], /--from cannot be given together with ids/],
    ['a page beside all', ['papers', '--all', '-n', '3'], /--limit cannot be given together with --all/],
    ['a backup without a folder', ['backup'], /missing required argument 'folder'/],
    ['a restore without a backup', ['restore'], /missing required argument 'folder'/],
    ['two files to export to', ['export', 'a', 'b'], /too many arguments/],
    ['an export without a name', ['export', ''], /file: "" cannot be written: it has no name/],
  ];
  for (const [what, args, says] of wrong) {
    it(what, async () => {
      const { code, stdout, stderr } = await runCommand(args, { cwd });
      assert.match(stderr, says);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
      assert.equal(code, 2);
    });
  }

  it('and so do wrong settings, all of them told at once', async () => {
    const env = { PORT: '-1', NEARPAPER_WORKERS: 'many', NEARPAPER_INDX: '/x', LOG_LEVEL: 'loud' };
    const { code, stderr } = await runCommand(['info'], { cwd, env });
    assert.equal(code, 2);
    for (const name of Object.keys(env)) assert.match(stderr, new RegExp(`^  ${name} `, 'm'));
  });
});
