/** The index that is damaged, and what it answers while it is whole. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openCorpus } from '../../src/open-corpus.js';
import {
  configFor,
  jsonFile,
  papersFrom,
  runBuild,
  runCommand,
  type Scope,
  temporaryFolder,
} from '../build/building.js';
import { changing } from '../changes/changing.js';
import { type Answers, ask, type SoundIndex } from './damage.js';

const PAPERS = 60;

/** Made by a real build with the vendored model, and changed live: papers new, changed and removed. */
export async function soundIndex(scope: Scope): Promise<SoundIndex> {
  const work = temporaryFolder(scope);
  const folder = join(work, 'index');
  const papers = papersFrom(0, PAPERS);
  await runBuild(folder, [jsonFile(work, papers)]);
  const { overlay, embedder } = await openCorpus(configFor(folder));
  scope.after(() => embedder.close());
  await overlay.close();
  const askNow = async (): Promise<Answers> => {
    const { note, ...answers } = await ask(folder, embedder, 'hnsw');
    assert.equal(note, null);
    return answers;
  };
  const { papers: published } = await askNow();

  const changed = [{ ...papersFrom(7, 1)[0], title: 'Study 7 of traffic, again' }, ...papersFrom(PAPERS, 3)];
  const live = await changing(scope, folder);
  for (const paper of changed) await live.put(paper);
  await live.remove('p20');
  await live.stop();
  const rest = papers.filter(({ id }) => id !== 'p7' && id !== 'p20');
  const input = jsonFile(work, [...rest, ...changed], 'all.jsonl');

  const backup = join(work, 'backup');
  const { code, stderr } = await runCommand(['backup', backup, '--index', folder]);
  assert.equal(code, 0, stderr);
  return { folder, backup, input, embedder, answers: await askNow(), published };
}
