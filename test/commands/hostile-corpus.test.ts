/** What an attacker wrote into a corpus does nothing to the terminal that shows it. */
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { runCommand } from '../support/command.js';
import { indexOf } from '../support/corpus.js';
import { HOSTILE_IDS, HOSTILE_PAPERS } from '../support/hostile-corpus.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
let index: string;
before(async () => {
  index = await indexOf(file, HOSTILE_PAPERS);
});

/** Line ends apart, a terminal acts on nothing but control characters. */
const CONTROL = /[^\P{Cc}\n]/u;

const ids = HOSTILE_IDS.slice(0, 3);

describe('commands over a hostile corpus', () => {
  const commands: [what: string, args: string[]][] = [
    ['the list', ['papers', '--all']],
    ['the list as JSON', ['papers', '--json']],
    ['papers in whole', ['papers', ...HOSTILE_IDS]],
    ['a search with reasons', ['search', 'language models', '-n', '20', '--explain']],
    ['similar papers', ['similar', HOSTILE_IDS[3] ?? '', '-n', '20', '--explain']],
    ['recommendations', ['recommend', ...ids.flatMap((id) => ['--positive', id]), '-n', '20', '--explain']],
    ['the index', ['info']],
  ];
  for (const [what, args] of commands) {
    it(`print no control characters: ${what}`, async () => {
      const before = await readdir(index);
      const { code, stdout, stderr } = await runCommand([...args, '--index', index], { cwd: index });
      assert.equal(code, 0, stderr);
      assert.ok(stdout.length > 100);
      assert.doesNotMatch(stdout, CONTROL);
      assert.doesNotMatch(stderr, CONTROL);
      assert.deepEqual(await readdir(index), before, 'no file was made');
    });
  }

  it('tell of records that cannot be read without their control characters', async (t) => {
    const folder = await temporaryFolder(t);
    const esc = '\u001b[31m';
    const lines = [
      '{"id": "fine", "title": "A title"}',
      `{"id": "a${esc}", "title": "raw control characters"}`,
      '{"id": "a\\u001b[31m", "title": "an id with control characters"}',
      '{"title": "a date", "published": "\\u001b]0;pwned\\u0007"}',
      `${esc}no JSON`,
      `{"title": "a type", "year": "${esc}"}`,
      '{"title": "a year", "year": "\\u001b[31m\\u009b2J"}',
      '{"title": "a name that is not used", "\\u001b[31mname": 1}',
    ];
    const input = join(folder, 'papers.jsonl');
    await writeFile(input, lines.join('\n'));
    const { stdout, stderr } = await runCommand(['build', input, '--index', join(folder, 'index')], {
      cwd: folder,
    });
    assert.match(stderr, /line 7: year: "\ufffd\[31m\ufffd2J" is not a year/);
    assert.doesNotMatch(stdout, CONTROL);
    assert.doesNotMatch(stderr, CONTROL);
    const header = join(folder, 'papers.csv');
    await writeFile(header, `id,${esc}name\n1,x\n`);
    const refused = await runCommand(['build', header, '--index', join(folder, 'index')], { cwd: folder });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /its columns are: id, \ufffd\[31mname/);
    assert.doesNotMatch(refused.stderr, CONTROL);
  });
});
