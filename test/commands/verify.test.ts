/** `verify`: every part is reported, whatever is damaged, and what it says mends it does. */
import assert from 'node:assert/strict';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { describeFile } from '../../src/generations/digest.js';
import { KeywordIndexWriter } from '../../src/keywords/keyword-index-writer.js';
import { ExactIndexWriter } from '../../src/vectors/exact-file.js';
import { runCommand } from '../support/command.js';
import { indexOf } from '../support/corpus.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';
import { changeThreePapers, journalIn, someVector } from './pending-changes.js';

const file = afterFile();
let index: string;
before(async () => {
  index = await indexOf(file);
  await changeThreePapers(index);
});

const PARTS = ['CURRENT', 'manifest', 'store', 'embeddings', 'vectors', 'graph', 'keywords', 'journal'];

async function copyOfIndex(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await cp(index, folder, { recursive: true });
  return folder;
}

async function generationIn(folder: string): Promise<string> {
  return join(folder, (await readFile(join(folder, 'CURRENT'), 'utf8')).trim());
}

interface Finding {
  part: string;
  status: string;
  detail: string;
  mend: string | null;
}

async function verify(folder: string, cwd = folder): Promise<{ code: number | null; findings: Finding[] }> {
  const { code, stdout, stderr } = await runCommand(['verify', folder, '--json'], { cwd });
  assert.equal(stderr, '');
  const { sound, findings } = JSON.parse(stdout);
  assert.equal(sound, code === 0);
  return { code, findings };
}

const partsOf = (findings: readonly Finding[], status: string) =>
  findings.filter((finding) => finding.status === status).map(({ part }) => part);

const detailOf = (findings: readonly Finding[], part: string) =>
  findings.find((finding) => finding.part === part)?.detail ?? '';

async function flipBit(path: string, text?: string): Promise<void> {
  const bytes = await readFile(path);
  const place = text === undefined ? bytes.length >> 1 : bytes.indexOf(text);
  bytes.writeUInt8(bytes.readUInt8(place) ^ 4, place);
  await writeFile(path, bytes);
}

/** Makes the manifest name a file as it is now: damage that no checksum shows. */
async function bless(folder: string, name: string): Promise<void> {
  const generation = await generationIn(folder);
  const path = join(generation, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  const { store, vectors, keywords } = manifest;
  const facts = [store, vectors.exact, vectors.hnsw, keywords].find(({ file }) => file === name);
  Object.assign(facts, await describeFile(join(generation, name)));
  await writeFile(path, JSON.stringify({ ...manifest, checksum: undefined }));
}

async function inStore(folder: string, sql: string): Promise<void> {
  const db = new Database(join(await generationIn(folder), 'papers.db'));
  db.exec(sql);
  db.close();
  await bless(folder, 'papers.db');
}

describe('nearpaper verify', () => {
  it('of a sound index says so of every part and exits 0', async () => {
    const { code, findings } = await verify(index);
    assert.deepEqual(partsOf(findings, 'ok'), PARTS);
    assert.match(detailOf(findings, 'embeddings'), /^3 unit vectors of 384 dimensions$/);
    assert.match(detailOf(findings, 'journal'), /: 2 changes after the 0 of the generation/);
    assert.equal(code, 0);
    const told = await runCommand(['verify', '--index', index], { cwd: index });
    assert.match(told.stdout, /^ {3}ok {3}CURRENT: [\s\S]*\nAll 8 parts are sound\.\n$/);
  });

  for (const [name, part, mend] of [
    ['papers.db', 'store', /nearpaper restore <backup>.*build --fresh <file>/],
    ['vectors.i16', 'vectors', /nearpaper build --index/],
    ['vectors.graph', 'graph', /nearpaper build --index/],
    ['keywords.bin', 'keywords', /nearpaper build --index/],
  ] as const) {
    it(`finds one flipped bit in ${name}, and reports every other part all the same`, async (t) => {
      const folder = await copyOfIndex(t);
      await flipBit(join(await generationIn(folder), name));
      const { code, findings } = await verify(folder);
      assert.deepEqual(partsOf(findings, 'problem'), [part]);
      assert.deepEqual(
        findings.map(({ part }) => part),
        PARTS,
      );
      assert.match(findings.find((finding) => finding.part === part)?.mend ?? '', mend);
      assert.equal(code, 1);
      const built = await runCommand(['build', '--index', folder], { cwd: folder });
      assert.equal(built.code === 0, name !== 'papers.db', built.stderr);
      if (built.code === 0) assert.equal((await verify(folder)).code, 0);
    });
  }

  it('reports several damaged parts at once, for people with what mends each', async (t) => {
    const folder = await copyOfIndex(t);
    await flipBit(join(await generationIn(folder), 'vectors.i16'));
    await rm(join(await generationIn(folder), 'keywords.bin'));
    await flipBit((await journalIn(folder)).path, 'Grace Hopper');
    const { findings } = await verify(folder);
    assert.deepEqual(partsOf(findings, 'problem'), ['vectors', 'keywords', 'journal']);
    const { code, stdout } = await runCommand(['verify'], { cwd: folder, env: { NEARPAPER_INDEX: folder } });
    assert.match(stdout, /^PROBLEM vectors: .*\n {8}mended by `nearpaper build`: it makes the index again/m);
    assert.match(stdout, /^PROBLEM journal: .*\n {8}mended by .*build --discard-changes`$/m);
    assert.match(stdout, /\n3 of 8 parts are damaged, see above\.\n$/);
    assert.equal(code, 1);
  });

  it('finds a journal that is missing, and one that lacks changes', async (t) => {
    for (const damage of ['missing', 'a gap'] as const) {
      const folder = await copyOfIndex(t);
      const { path } = await journalIn(folder);
      if (damage === 'missing') await rm(path);
      else {
        const db = new Database(path);
        db.exec('DELETE FROM changes WHERE seq = 1');
        db.close();
      }
      const { findings } = await verify(folder);
      assert.deepEqual(partsOf(findings, 'problem'), ['journal'], damage);
    }
  });

  it('finds a manifest that is cut short, a CURRENT that leads nowhere, and one that is no name', async (t) => {
    const folder = await copyOfIndex(t);
    await writeFile(join(await generationIn(folder), 'manifest.json'), '{');
    assert.deepEqual(partsOf((await verify(folder)).findings, 'problem'), ['manifest']);
    await writeFile(join(folder, 'CURRENT'), 'g000009-00000000\n');
    assert.deepEqual(partsOf((await verify(folder)).findings, 'problem'), ['manifest']);
    await writeFile(join(folder, 'CURRENT'), 'nothing\n');
    assert.deepEqual(partsOf((await verify(folder)).findings, 'problem'), ['CURRENT']);
  });

  it('without an index exits 1 and says how one is made', async (t) => {
    const cwd = await temporaryFolder(t);
    const { code, stdout, stderr } = await runCommand(['verify', 'none'], { cwd });
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /There is no index in none/);
  });

  it('writes nothing, and needs no model', async (t) => {
    const folder = await copyOfIndex(t);
    const before = await readdir(folder, { recursive: true });
    const env = { NEARPAPER_MODEL: 'no such model' };
    const { code } = await runCommand(['verify', folder], { cwd: folder, env });
    assert.equal(code, 0);
    assert.deepEqual(await readdir(folder, { recursive: true }), before);
  });

  it('of a generation that an older nearpaper built says what brings it up to date, and exits 0', async (t) => {
    const folder = await copyOfIndex(t);
    const path = join(await generationIn(folder), 'manifest.json');
    const {
      keywords: _keywords,
      calibration: _calibration,
      checksum: _checksum,
      ...older
    } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify(older));
    const { code, findings } = await verify(folder);
    assert.deepEqual(partsOf(findings, 'warning'), ['keywords']);
    assert.match(findings.find(({ part }) => part === 'keywords')?.mend ?? '', /nearpaper build/);
    assert.equal(code, 0);
  });
});

describe('damage that no checksum shows', () => {
  it('is found in a text of the store, and in an embedding', async (t) => {
    const cases = [
      ["UPDATE papers SET title = title || 's' WHERE label = 2", 'store', /paper 2 is not what its hashes/],
      ["UPDATE papers SET doi = '10.1/x' WHERE label = 3", 'store', /paper 3 is not what its hashes/],
      ['DELETE FROM papers WHERE label = 1', 'store', /holds 2 papers and the manifest says 3/],
      [
        'UPDATE embeddings SET vector = zeroblob(1536)',
        'embeddings',
        /embedding of paper 1 is none.*length is 0/,
      ],
      ['UPDATE embeddings SET vector = zeroblob(8)', 'embeddings', /must be 384 32-bit floats, got 2/],
      ['DELETE FROM embeddings', 'embeddings', /paper 1 has no embedding by all-MiniLM-L6-v2/],
    ] as const;
    for (const [sql, part, says] of cases) {
      const folder = await copyOfIndex(t);
      await inStore(folder, sql);
      const { findings } = await verify(folder);
      assert.deepEqual(partsOf(findings, 'problem'), [part], sql);
      assert.match(detailOf(findings, part), says);
      assert.match(detailOf(findings, 'vectors'), /not compared with the store/);
    }
  });

  it('is found where the vectors are not those of the store', async (t) => {
    const folder = await copyOfIndex(t);
    const writer = new ExactIndexWriter(await generationIn(folder), { dimensions: 384, capacity: 3 });
    for (const label of [1, 2, 3]) writer.add(label, someVector(label));
    await writer.commit();
    await bless(folder, 'vectors.i16');
    const { findings } = await verify(folder);
    assert.match(detailOf(findings, 'vectors'), /paper 1 of the store and of the index differ/);
    assert.match(detailOf(findings, 'graph'), /it was made for other vectors/);
    assert.deepEqual(partsOf(findings, 'problem'), ['vectors', 'graph']);
  });

  it('is found where the words are not those of the store', async (t) => {
    const folder = await copyOfIndex(t);
    const generation = await generationIn(folder);
    const db = new Database(join(generation, 'papers.db'), { readonly: true });
    const papers = db.prepare('SELECT label, title, abstract FROM papers ORDER BY label').all() as {
      label: number;
      title: string;
      abstract: string;
    }[];
    db.close();
    const writer = new KeywordIndexWriter(generation);
    // As many papers and terms, one of them elsewhere.
    for (const { label, title, abstract } of papers)
      writer.add(label, label === 3 ? { title: `${title} galaxies`, abstract } : { title, abstract });
    await writer.commit();
    await bless(folder, 'keywords.bin');
    const { findings } = await verify(folder);
    assert.deepEqual(partsOf(findings, 'problem'), ['keywords']);
    assert.match(detailOf(findings, 'keywords'), /is not the index of the store's papers/);
  });
});
