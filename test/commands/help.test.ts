/** Help, version, and what is said to a command line that is wrong. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { SETTING_LIST } from '../../src/config.js';
import { RunningCommand, runCommand } from '../support/command.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
let cwd: string;
before(async () => {
  cwd = await temporaryFolder(file);
});

const FLAGS: Record<string, string[]> = {
  build: [
    '--index',
    '--model',
    '--format',
    '--strict',
    '--prune',
    '--force',
    '--fresh',
    '--sample',
    '--json',
  ],
  serve: ['--index', '--model', '--port', '--host', '--log-level'],
  start: ['--index', '--model', '--port', '--host', '--log-level'],
  search: ['--index', '--model', '--limit', '--exact', '--json'],
  similar: ['--index', '--limit', '--exact', '--json'],
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
      /--limit must be a whole number from 1 to 100, not ten/,
    ],
    ['a limit of 0', ['similar', 'x', '-n', '0'], /--limit must be a whole number from 1 to 100, not 0/],
    ['an unknown format', ['build', '--format', 'xml', '/dev/null'], /Unknown format "xml"[\s\S]*jsonl/],
    [
      'a port that is no number',
      ['serve', '--port', 'http'],
      /PORT must be a whole number from 0 to 65535, not "http"/,
    ],
    ['a build without files and without an index', ['build'], /Name at least one file/],
    ['an empty query', ['search', ' '], /The text is empty/],
  ];
  for (const [what, args, says] of wrong) {
    it(what, async () => {
      const { code, stdout, stderr } = await runCommand(args, { cwd });
      assert.match(stderr, says);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
      assert.equal(code, what === 'an empty query' ? 1 : 2);
    });
  }

  it('and so do wrong settings, all of them told at once', async () => {
    const env = { PORT: '-1', NEARPAPER_WORKERS: 'many', NEARPAPER_INDX: '/x', LOG_LEVEL: 'loud' };
    const { code, stderr } = await runCommand(['info'], { cwd, env });
    assert.equal(code, 2);
    for (const name of Object.keys(env)) assert.match(stderr, new RegExp(`^  ${name} `, 'm'));
  });
});
