/** What a build does with the same input, a longer one, and a changed one. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BuildDisplay } from '../../src/commands/build-display.js';
import { openCorpus } from '../../src/open-corpus.js';
import {
  configFor,
  copyOf,
  currentFolder,
  jsonFile,
  jsonLines,
  papersFrom,
  runBuild,
  runCommand,
  SAMPLE,
  servedPapers,
  snapshot,
  temporaryFolder,
} from './building.js';

describe('a build', () => {
  it('tells what it read of each input, exactly, and how many papers have no abstract', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const first = jsonFile(folder, [...papersFrom(0, 3), { id: 'bare', title: 'Bare' }, { abstract: 'x' }]);
    const second = jsonFile(folder, [{ title: 'Blank', abstract: ' ', tldr: 'Short.' }], 'second.jsonl');
    const { events, notes, withoutAbstract } = await runBuild(index, [first, second]);
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'read'),
      [
        { kind: 'read', input: first, format: 'jsonl', records: 5, bad: 1 },
        { kind: 'read', input: second, format: 'jsonl', records: 1, bad: 0 },
      ],
    );
    assert.equal(withoutAbstract, 2);
    assert.deepEqual(
      notes.map((note) => note.replace(/ \(known: .*/, '')),
      [`Fields not used in ${second}: tldr`],
    );
  });

  it('shows these on standard error, and in its report', async (t) => {
    const folder = temporaryFolder(t);
    const csv = join(folder, 'table.csv');
    writeFileSync(csv, 'Title,Summary\nA study of graphs,x\nA study of law,y\n,z\n');
    const args = ['build', '--index', join(folder, 'index'), csv];
    const { stdout, stderr } = await runCommand(args);
    assert.match(stderr, /table\.csv \(csv\): 3 records, 1 of them bad$/m);
    assert.match(stderr, /^Columns not used in .*table\.csv: Summary \(known: id, title, /m);
    assert.match(stdout, /^Papers without an abstract \(their title alone is embedded\): 2 of 2\.$/m);
    const again = await runCommand([...args, '--json']);
    assert.equal(JSON.parse(again.stdout).withoutAbstract, 2);
  });

  it('ends its progress on a terminal with all that it read', () => {
    let shown = '';
    const write = (text: string) => {
      shown += text;
      return true;
    };
    const display = new BuildDisplay({ isTTY: true, write } as unknown as NodeJS.WriteStream);
    const input = { input: 'big.jsonl', format: 'jsonl' };
    for (const records of [0, 500, 1000]) display.show({ kind: 'reading', ...input, records });
    display.show({ kind: 'read', ...input, records: 1200, bad: 4 });
    display.show({ kind: 'reading', input: 'b.csv', format: 'csv', records: 0 });
    display.end();
    // The line as a terminal leaves it: what was rewritten is gone.
    const left = shown.split('\n').map((line) => line.split('\u001b[2K').at(-1));
    assert.deepEqual(left, [
      'Read big.jsonl (jsonl): 1200 records, 4 of them bad',
      'Reading b.csv (csv)',
      '',
    ]);
  });

  it('makes 47 papers of the sample page, each with a readable id, a text and a neighbour', async (t) => {
    const folder = join(temporaryFolder(t), 'index');
    const { kind, papers, added, embedded, bad, recall, events } = await runBuild(folder, [SAMPLE]);
    assert.deepEqual(
      { kind, papers, added, embedded, bad },
      { kind: 'published', papers: 47, added: 47, embedded: 47, bad: 0 },
    );
    assert.ok((recall?.recall ?? 0) >= 0.99);
    assert.deepEqual(
      [...new Set(events.map((event) => event.kind))],
      ['reading', 'read', 'embedding', 'keywords', 'calibrating', 'indexing', 'measuring', 'publishing'],
    );

    const {
      overlay: { generation },
      embedder,
    } = await openCorpus(configFor(folder));
    const page = await generation.store.list([], 0, 100);
    assert.equal(page.papers.length, 47);
    for (const { id, title, abstract } of page.papers) {
      assert.match(id, /^[\p{L}\p{N}][\p{L}\p{N}\p{M}-]*$/u);
      assert.ok(title.length > 10 && abstract.length > 200, id);
    }
    const asked = await generation.store.resolve(
      'flow-of-reasoning-efficient-training-of-llm-policy-with-divergent-thinking',
    );
    assert.ok(asked);
    const { vector } = await embedder.embedQuery('Flow of Reasoning: Efficient Training of LLM Policy');
    assert.equal((await generation.vectors.search(vector, 1))[0]?.label, asked.label);
    await Promise.all([generation.close(), embedder.close()]);
  });

  it('keeps the generation and embeds nothing when its input is unchanged', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const input = jsonFile(folder, papersFrom(0, 20));
    const first = await runBuild(index, [input]);
    const before = snapshot(index);
    for (let again = 0; again < 2; again++) {
      const { kind, generation, embedded, papers, notes } = await runBuild(index, [input]);
      assert.deepEqual({ kind, embedded, papers }, { kind: 'unchanged', embedded: 0, papers: 20 });
      assert.equal(generation, first.generation);
      assert.deepEqual(notes, []);
    }
    assert.deepEqual(snapshot(index), before);
    assert.equal(existsSync(join(index, 'building')), false);
  });

  it('embeds one text for one more paper, and for one changed title', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const papers = papersFrom(0, 6);
    await runBuild(index, [jsonFile(folder, papers)]);
    const more = await runBuild(index, [jsonFile(folder, papersFrom(6, 1))]);
    assert.deepEqual([more.papers, more.added, more.changed, more.embedded], [7, 1, 0, 1]);
    const renamed = papers.map((paper, i) => (i === 2 ? { ...paper, title: 'Another title' } : paper));
    const changed = await runBuild(index, [jsonFile(folder, renamed)]);
    assert.deepEqual([changed.papers, changed.added, changed.changed, changed.embedded], [7, 0, 1, 1]);
    assert.equal(await servedPapers(index), 7);
  });

  it('publishes a changed venue without embedding anything', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const papers = papersFrom(0, 4);
    const first = await runBuild(index, [jsonFile(folder, papers)]);
    const changed = await runBuild(index, [
      jsonFile(
        folder,
        papers.map((paper) => ({ ...paper, venue: 'V' })),
      ),
    ]);
    assert.deepEqual([changed.kind, changed.changed, changed.embedded], ['published', 4, 0]);
    assert.notEqual(changed.generation, first.generation);
  });

  it('keeps two generations: the one that serves and the one before', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const made: string[] = [];
    for (let n = 1; n <= 4; n++) {
      made.push((await runBuild(index, [jsonFile(folder, papersFrom(0, n))])).generation);
    }
    const generations = readdirSync(index).filter((name) => name.startsWith('g'));
    assert.deepEqual(generations.sort(), made.slice(-2));
    assert.ok(currentFolder(index).endsWith(made.at(-1) ?? ''));
  });

  it('reads several files and standard input as one, gzip or not', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const stdin = Readable.from([gzipSync(jsonLines(papersFrom(3, 3)))]);
    const { papers, records, repeated } = await runBuild(index, [jsonFile(folder, papersFrom(0, 4)), '-'], {
      stdin,
    });
    assert.deepEqual({ papers, records, repeated }, { papers: 6, records: 7, repeated: 1 });
  });

  it('has the same vectors whatever the order of the input, the number of workers and what was there before', async (t) => {
    const folder = temporaryFolder(t);
    const papers = papersFrom(0, 12);
    const vectors = [];
    const cases = [[papers], [papers.slice(0, 5), papers], [[...papers].reverse()]];
    for (const [i, inputs] of cases.entries()) {
      const index = join(folder, `index-${i}`);
      for (const input of inputs) await runBuild(index, [jsonFile(folder, input)], { workers: 1 + (i % 2) });
      const {
        overlay: { generation },
        embedder,
      } = await openCorpus(configFor(index));
      const labels = await Promise.all(
        papers.map(async ({ id }) => (await generation.store.resolve(id ?? ''))?.label ?? -1),
      );
      vectors.push(await generation.vectors.vectors(labels));
      await Promise.all([generation.close(), embedder.close()]);
    }
    assert.deepEqual(vectors[1], vectors[0]);
    assert.deepEqual(vectors[2], vectors[0]);
  });

  it('leaves a copy of its folder that works elsewhere', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const input = jsonFile(folder, papersFrom(0, 3));
    await runBuild(index, [input]);
    const copy = copyOf(index, t);
    assert.equal((await runBuild(copy, [input])).kind, 'unchanged');
    assert.equal(await servedPapers(copy), 3);
  });
});
