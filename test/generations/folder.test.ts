import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  buildingFolder,
  currentGeneration,
  nextGenerationName,
  removeOldGenerations,
  requireGeneration,
  requireWritable,
} from '../../src/generations/folder.js';
import { publish } from '../../src/generations/publish.js';
import { failure, temporaryFolder } from '../build/building.js';

/** What a reader finds: the generation's name, and the one that the file inside it was written for. */
async function read(folder: string): Promise<[name: string, content: string] | null> {
  const current = await currentGeneration(folder);
  return current && [current.name, readFileSync(join(current.folder, 'content'), 'utf8')];
}

function fillBuilding(folder: string, name: string): void {
  mkdirSync(buildingFolder(folder));
  writeFileSync(join(buildingFolder(folder), 'content'), name);
}

const OLD = 'g000001-00000000';
const NEW = 'g000002-11111111';

/** A folder in which OLD is published and NEW is ready to be. */
async function readyToPublish(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t);
  fillBuilding(folder, OLD);
  await publish(folder, OLD);
  fillBuilding(folder, NEW);
  return folder;
}

/** What publishing does to the folder, step by step; the tests end it after each. */
const STEPS: ((folder: string) => void)[] = [
  (folder) => renameSync(buildingFolder(folder), join(folder, NEW)),
  (folder) => writeFileSync(join(folder, 'CURRENT.tmp'), ''),
  (folder) => writeFileSync(join(folder, 'CURRENT.tmp'), NEW.slice(0, 5)),
  (folder) => writeFileSync(join(folder, 'CURRENT.tmp'), `${NEW}\n`),
  (folder) => renameSync(join(folder, 'CURRENT.tmp'), join(folder, 'CURRENT')),
];

describe('publishing', () => {
  it('makes what was built the generation that readers find', async (t) => {
    const folder = await readyToPublish(t);
    assert.deepEqual(await read(folder), [OLD, OLD]);
    await publish(folder, NEW);
    assert.deepEqual(await read(folder), [NEW, NEW]);
    assert.deepEqual(readdirSync(folder).sort(), ['CURRENT', OLD, NEW].sort());
  });

  for (let done = 0; done <= STEPS.length; done++) {
    it(`shows readers the old or the new, never a mix, when it dies after step ${done}`, async (t) => {
      const folder = await readyToPublish(t);
      for (const step of STEPS.slice(0, done)) step(folder);
      const expected = done === STEPS.length ? NEW : OLD;
      assert.deepEqual(await read(folder), [expected, expected]);
      // And the next one is not held up by what the dead one left.
      const next = await nextGenerationName(folder);
      if (done > 0) fillBuilding(folder, next);
      else writeFileSync(join(buildingFolder(folder), 'content'), next);
      await publish(folder, next);
      assert.deepEqual(await read(folder), [next, next]);
    });
  }

  it('shows a reader whole generations while another process publishes one after another, and is killed', async (t) => {
    const folder = temporaryFolder(t);
    const library = new URL('../../src/generations/folder.js', import.meta.url).href;
    const publishing = new URL('../../src/generations/publish.js', import.meta.url).href;
    const program = `
      import { mkdirSync, writeFileSync } from 'node:fs';
      import { buildingFolder, nextGenerationName } from ${JSON.stringify(library)};
      import { publish } from ${JSON.stringify(publishing)};
      const folder = ${JSON.stringify(folder)};
      for (let n = 0; ; n++) {
        const name = await nextGenerationName(folder);
        mkdirSync(buildingFolder(folder));
        writeFileSync(buildingFolder(folder) + '/content', name);
        await publish(folder, name);
        if (n === 0) console.log('published');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const seen = new Set<string>();
    for (let reads = 0; reads < 3000 && seen.size < 10; reads++) {
      const [name, content] = (await read(folder)) ?? ['nothing', ''];
      assert.equal(content, name);
      seen.add(name);
    }
    child.kill('SIGKILL');
    await gone;
    const [name, content] = (await read(folder)) ?? ['nothing', ''];
    assert.equal(content, name);
    assert.ok(seen.size > 1, 'the reader met only one generation');
  });
});

describe('the name of the next generation', () => {
  it('has a number above that of every other, published or not', async (t) => {
    const folder = await readyToPublish(t);
    assert.match(await nextGenerationName(folder), /^g000002-[0-9a-f]{8}$/);
    mkdirSync(join(folder, 'g000041-22222222'));
    mkdirSync(join(folder, 'g1000000-33333333'));
    assert.match(await nextGenerationName(folder), /^g1000001-/);
  });

  it('is the first in an empty folder', async (t) => {
    assert.match(await nextGenerationName(temporaryFolder(t)), /^g000001-/);
  });
});

describe('CURRENT', () => {
  for (const content of [
    '../x',
    '..',
    '',
    '/etc',
    'g1-00000000',
    `${OLD}/../..`,
    `${OLD}\n${NEW}`,
    'building',
    '\0',
  ]) {
    it(`is refused when it says ${JSON.stringify(content)}, with what mends it`, async (t) => {
      const folder = await readyToPublish(t);
      writeFileSync(join(folder, 'CURRENT'), content);
      const refused = failure(
        'index_damaged',
        /CURRENT does not name a generation\. .*`nearpaper build --fresh <file>`/,
      );
      await assert.rejects(currentGeneration(folder), refused);
    });
  }

  it('is refused when it cannot be read', async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'CURRENT'));
    await assert.rejects(
      currentGeneration(folder),
      failure('index_damaged', /Cannot read .*CURRENT.*--fresh/),
    );
  });

  it('is missing where nothing was published, and the message says how to begin', async (t) => {
    const folder = temporaryFolder(t);
    assert.equal(await currentGeneration(folder), null);
    const missing = failure('index_missing', /`nearpaper build <file>`.*`nearpaper start`.*NEARPAPER_INDEX/);
    await assert.rejects(requireGeneration(folder), missing);
    await assert.rejects(requireGeneration(join(folder, 'nowhere')), missing);
  });
});

describe('removing old generations', () => {
  it('keeps the current one and the one that served before, whatever their numbers', async (t) => {
    const folder = temporaryFolder(t);
    const names = ['g000001-aaaaaaaa', 'g000002-bbbbbbbb', 'g000003-cccccccc', 'g000010-dddddddd'];
    for (const name of [...names, 'models-cache', 'g000001', 'my-notes']) mkdirSync(join(folder, name));
    await removeOldGenerations(folder, 'g000010-dddddddd', 'g000002-bbbbbbbb');
    const kept = ['g000001', 'g000002-bbbbbbbb', 'g000010-dddddddd', 'models-cache', 'my-notes'];
    assert.deepEqual(readdirSync(folder).sort(), kept);
  });
});

describe('the index folder', () => {
  it('is made with its parents', async (t) => {
    const folder = join(temporaryFolder(t), 'a', 'b');
    await requireWritable(folder);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is refused when it is a file', async (t) => {
    const path = join(temporaryFolder(t), 'file');
    writeFileSync(path, '');
    await assert.rejects(requireWritable(path), failure('index_unwritable', /NEARPAPER_INDEX names another/));
  });
});
