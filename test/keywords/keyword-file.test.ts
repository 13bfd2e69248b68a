import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { NearpaperError } from '../../src/errors.js';
import {
  isKeywordFileCurrent,
  KEYWORD_FILE,
  type KeywordFile,
  openKeywordIndex,
} from '../../src/keywords/keyword-file.js';
import { KeywordIndexWriter } from '../../src/keywords/keyword-index-writer.js';
import { rejectsWith } from '../contract/keyword-index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { writeKeywords } from './files.js';

const PAPERS = [
  [2, { title: 'alpha beta', abstract: 'beta gamma' }],
  [4, { title: 'alpha', abstract: 'delta' }],
  [9, { title: 'Beta gamma', abstract: '' }],
] as const;

/**
 * Where the parts of the file of PAPERS begin: 3 papers and 4 terms (alpha, beta, delta, gamma; 19 units in all)
 * with 7 postings.
 */
const LABELS = 24;
const TERM_STARTS = LABELS + 3 * 4;
const LIST_STARTS = TERM_STARTS + 5 * 4;
const LISTS = LIST_STARTS + 5 * 4;
const UNITS = LISTS + 7 * 4;
const BYTES = UNITS + 19 * 2;

/** Alpha is in all of 5 papers and has a column, of 16 bytes; beta is in 3 and has postings. */
const WITH_COLUMN = [0, 1, 2, 3, 4].map(
  (label) => [label, { title: label < 3 ? 'alpha beta' : 'alpha', abstract: '' }] as const,
);
const COLUMN_STARTS = 24 + 5 * 4 + 3 * 4;
const COLUMN = COLUMN_STARTS + 3 * 4;

async function written(t: TestContext, papers: Parameters<typeof writeKeywords>[1] = PAPERS) {
  const folder = await temporaryFolder(t);
  const facts = await writeKeywords(folder, papers);
  const path = join(folder, KEYWORD_FILE);
  return { folder, facts, path, bytes: await readFile(path) };
}

/** Puts other bytes in the file's place; facts whose size and checksum fit them. */
async function replace(path: string, facts: KeywordFile, bytes: Buffer): Promise<KeywordFile> {
  await writeFile(path, bytes);
  return { ...facts, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

describe('keywords.bin', () => {
  it('says in its facts what it holds', async (t) => {
    const { facts, bytes } = await written(t);
    assert.deepEqual(facts, {
      file: 'keywords.bin',
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: BYTES,
      papers: 3,
      terms: 4,
      meanTerms: 8 / 3,
    });
    for (const none of [[], [[7, { title: 'of', abstract: '' }] as const]]) {
      assert.equal((await written(t, none)).facts.meanTerms, null);
    }
  });

  it('has the same bytes for the same papers, and leaves no temporary file', async (t) => {
    const { folder, bytes } = await written(t);
    assert.deepEqual(await readdir(folder), [KEYWORD_FILE]);
    assert.deepEqual((await written(t)).bytes, bytes);
  });

  it('is refused when it is missing, cut short, longer or of another checksum', async (t) => {
    const { folder, facts, path, bytes } = await written(t);
    const refused = () => assert.rejects(openKeywordIndex(folder, facts), rejectsWith('index_damaged'));
    for (const damage of [
      bytes.subarray(0, -1),
      bytes.subarray(0, 3),
      Buffer.alloc(0),
      Buffer.concat([bytes, Buffer.of(0)]),
      Buffer.from(bytes).fill(2, bytes.length - 1),
    ]) {
      await writeFile(path, damage);
      await refused();
    }
    await rm(path);
    await refused();
    await mkdir(path);
    await refused();
  });

  /** Each change to the file of these papers must be refused, though its checksum fits. */
  async function refuses(
    t: TestContext,
    papers: Parameters<typeof writeKeywords>[1],
    wrong: Record<string, (copy: Buffer) => void>,
  ): Promise<void> {
    const { folder, facts, path, bytes } = await written(t, papers);
    for (const [what, change] of Object.entries(wrong)) {
      const copy = Buffer.from(bytes);
      change(copy);
      const altered = await replace(path, facts, copy);
      await assert.rejects(openKeywordIndex(folder, altered), rejectsWith('index_damaged'), what);
    }
    await assert.doesNotReject(openKeywordIndex(folder, await replace(path, facts, bytes)));
  }

  it('is refused for each wrong number in it', (t) =>
    refuses(t, PAPERS, {
      'another magic': (copy) => copy.writeUInt32LE(0x4656504e, 0),
      'another number of papers': (copy) => copy.writeUInt32LE(2, 8),
      'another number of terms': (copy) => copy.writeUInt32LE(5, 12),
      'more units than there are': (copy) => copy.writeUInt32LE(0xffff_ffff, 16),
      'more words of lists than there are': (copy) => copy.writeUInt32LE(0xffff_ffff, 20),
      'labels that do not ascend': (copy) => copy.writeUInt32LE(2, LABELS + 4),
      'a first term that does not begin at 0': (copy) => copy.writeUInt32LE(1, TERM_STARTS),
      'a term without end': (copy) => copy.writeUInt32LE(1000, TERM_STARTS + 4),
      'terms that end too early': (copy) => copy.writeUInt32LE(18, TERM_STARTS + 16),
      'a first list that does not begin at 0': (copy) => copy.writeUInt32LE(1, LIST_STARTS),
      'a term without postings': (copy) => copy.writeUInt32LE(0, LIST_STARTS + 4),
      'lists past the end': (copy) => copy.writeUInt32LE(8, LIST_STARTS + 16),
      'a row out of range': (copy) => copy.writeUInt32LE(3 * 256 + 1, LISTS + 4),
      'rows that do not ascend': (copy) => copy.writeUInt32LE(1, LISTS + 4),
      'a term twice': (copy) => copy.write('delta', UNITS + 28, 'utf16le'),
      'an impact of 0': (copy) => copy.writeUInt8(0, LISTS + 3 * 4),
    }));

  it('is refused for a column that cannot be', (t) =>
    refuses(t, WITH_COLUMN, {
      'an impact after the last paper': (copy) => copy.writeUInt8(1, COLUMN + 5),
      'fewer papers than need a column': (copy) => copy.writeUInt16LE(0, COLUMN + 3),
      'a list longer than a column': (copy) => copy.writeUInt32LE(6, COLUMN_STARTS + 4),
    }));

  it('of another version is outdated, which can be told without opening it', async (t) => {
    const { folder, facts, path, bytes } = await written(t);
    assert.equal(await isKeywordFileCurrent(folder, facts), true);
    for (const version of [1, 99]) {
      const copy = Buffer.from(bytes);
      copy.writeUInt32LE(version, 4);
      const altered = await replace(path, facts, copy);
      await assert.rejects(openKeywordIndex(folder, altered), rejectsWith('index_outdated'));
      assert.equal(await isKeywordFileCurrent(folder, altered), false);
    }
    await rm(path);
    await assert.rejects(isKeywordFileCurrent(folder, facts), rejectsWith('index_damaged'));
  });

  for (const [what, papers] of Object.entries({ 'postings alone': PAPERS, 'a column': WITH_COLUMN })) {
    it(`of ${what}, with bytes changed at random, is refused, or searches without harm`, async (t) => {
      const { folder, facts, path, bytes } = await written(t, papers);
      const change = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) });
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
          const copy = Buffer.from(bytes);
          for (const { at, value } of changes) copy[at] = value;
          const altered = await replace(path, facts, copy);
          try {
            const index = await openKeywordIndex(folder, altered);
            const { best } = await index.search('alpha beta gamma delta', 10);
            assert.ok(best.every(({ score }) => score > 0 && Number.isFinite(score)));
          } catch (thrown) {
            assert.ok(thrown instanceof NearpaperError, String(thrown));
            assert.ok(['index_damaged', 'index_outdated'].includes(thrown.code), String(thrown));
          }
        }),
        { numRuns: 200 },
      );
    });
  }

  it('of other papers than the manifest says is refused', async (t) => {
    const { folder, facts } = await written(t);
    for (const other of [{ papers: 4 }, { terms: 5 }]) {
      await assert.rejects(openKeywordIndex(folder, { ...facts, ...other }), rejectsWith('index_damaged'));
    }
  });
});

describe('KeywordIndexWriter', () => {
  const paper = { title: 'alpha', abstract: '' };

  it('refuses labels that do not ascend or are no whole numbers of 32 bits', async (t) => {
    const writer = new KeywordIndexWriter(await temporaryFolder(t));
    writer.add(7, paper);
    for (const label of [7, 6, -1, 8.5, Number.NaN, 2 ** 32]) {
      assert.throws(() => writer.add(label, paper), rejectsWith('bad_record'), String(label));
    }
    writer.add(8, paper);
    assert.equal((await writer.commit()).papers, 2);
  });

  it('is used once', async (t) => {
    const writer = new KeywordIndexWriter(await temporaryFolder(t));
    await writer.commit();
    assert.throws(() => writer.add(1, paper), rejectsWith('index_unwritable'));
    await assert.rejects(writer.commit(), rejectsWith('index_unwritable'));
  });

  it('leaves the file that was there, and no temporary one, when it cannot write', async (t) => {
    const { folder, bytes } = await written(t);
    await mkdir(join(folder, 'inside'));
    const nowhere = new KeywordIndexWriter(join(folder, 'missing'));
    await assert.rejects(nowhere.commit(), rejectsWith('index_unwritable'));
    // A folder of the file's name: the rename fails after all has been written.
    await mkdir(join(folder, 'inside', KEYWORD_FILE));
    await assert.rejects(
      new KeywordIndexWriter(join(folder, 'inside')).commit(),
      rejectsWith('index_unwritable'),
    );
    assert.deepEqual(await readdir(join(folder, 'inside')), [KEYWORD_FILE]);
    assert.deepEqual(await readFile(join(folder, KEYWORD_FILE)), bytes);
  });

  it('writes over what a process left that was killed', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, `${KEYWORD_FILE}.tmp`), Buffer.alloc(100_000));
    await openKeywordIndex(folder, await writeKeywords(folder, PAPERS));
    assert.deepEqual(await readdir(folder), [KEYWORD_FILE]);
  });
});
