/**
 * Damage done to the files of an index, and what becomes of it. Whatever is damaged, an index answers as before, or
 * exact search stands in and says so, or it is refused with a message that names the command that mends it. It never
 * ends the process, hangs, or answers otherwise.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Embedder } from '../../src/embedding/embedder.js';
import { messageOf, NearpaperError } from '../../src/errors.js';
import { aboutCorpus } from '../../src/generations/about.js';
import { corpusOf, openCorpus } from '../../src/open-corpus.js';
import { type Answer, DEFAULT_OPTIONS } from '../../src/recommend/answer.js';
import { recommend } from '../../src/recommend/recommend.js';
import { search } from '../../src/recommend/search.js';
import { similar } from '../../src/recommend/similar.js';
import { configFor, copyOf, currentFolder, runCommand, type Scope } from '../build/building.js';

/** What is damaged, as paths within the folder of the generation that is published. */
export function filesOf(indexFolder: string): string[] {
  const journal = readdirSync(indexFolder).find((name) => /^changes-.*\.db$/.test(name));
  assert.ok(journal !== undefined, 'there is no journal');
  return [...readdirSync(currentFolder(indexFolder)).sort(), '../CURRENT', `../${journal}`];
}

export type Damage = { kind: 'cut'; bytes: number } | { kind: 'flip'; bit: number };

/** What became of an index with a damaged file. */
export type Outcome =
  | { kind: 'harmless' }
  | { kind: 'stands_in'; note: string }
  | { kind: 'refused'; commands: string[] };

/** Refusing and answering both take well under a second; this bounds a hang. */
const MOST_SECONDS = 20;

/** Lengths at which writers and disks cut a file. */
export function cuts(size: number): Damage[] {
  return [...new Set([0, 1, Math.floor(size / 2), size - 1])]
    .filter((bytes) => bytes < size)
    .map((bytes) => ({ kind: 'cut', bytes }));
}

/** `count` flips of one bit each, anywhere in a file of `size` bytes. */
export function flips(size: number, count: number, random: () => number): Damage[] {
  return Array.from({ length: count }, () => ({ kind: 'flip', bit: Math.floor(random() * size * 8) }));
}

/** Damages the file; returns what undoes it. */
export function inflict(path: string, damage: Damage): () => void {
  const sound = readFileSync(path);
  writeFileSync(path, damage.kind === 'cut' ? sound.subarray(0, damage.bytes) : flipped(sound, damage.bit));
  return () => writeFileSync(path, sound);
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = bit >> 3;
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << (bit & 7)), at);
  return copy;
}

/** Everything that a service says of its corpus and answers to five questions; without the generation's name and age. */
export interface Answers {
  about: unknown;
  answers: unknown[];
  /** Every paper, in the order of ids. */
  papers: unknown[];
}

/**
 * Opens the published index as a service does and asks. `note`: why exact search stands in, where it does. Errors:
 * those of opening.
 */
export async function ask(
  indexFolder: string,
  embedder: Embedder,
  engine: 'auto' | 'hnsw',
): Promise<Answers & { note: string | null }> {
  const config = configFor(indexFolder, { NEARPAPER_ENGINE: engine, NEARPAPER_EXACT_BELOW: '0' });
  const { overlay, embedder: used } = await openCorpus(config, { embedder });
  try {
    const corpus = { ...corpusOf(overlay), embedder: used };
    const options = { ...DEFAULT_OPTIONS, limit: 8 };
    const { generation: _name, created: _created, ...about } = aboutCorpus(overlay, overlay.view());
    const answers = await Promise.all([
      search(corpus, { text: 'Study 7 of traffic', mode: 'hybrid', ...options, explain: true }, undefined),
      search(corpus, { text: 'machines that walk', mode: 'semantic', ...options }, undefined),
      search(corpus, { text: 'chess part', mode: 'keyword', ...options }, undefined),
      similar(corpus, { id: 'p3', ...options, fields: ['title', 'abstract', 'year'] }, undefined),
      recommend(
        corpus,
        {
          positives: [{ id: 'p10' }, { id: 'p25' }],
          negatives: [{ id: 'p4' }],
          strategy: 'best_score',
          ...options,
        },
        undefined,
      ),
    ]);
    const { papers } = await corpus.store.list([], 0, 1000);
    papers.sort((a, b) => (a.id < b.id ? -1 : 1));
    return { about, answers: answers.map(withoutName), papers, note: overlay.generation.note };
  } finally {
    await overlay.close();
    if (used !== embedder) await used.close();
  }
}

function withoutName({ index: { generation: _name, ...index }, ...answer }: Answer) {
  return { ...answer, index };
}

/** What the message of a refusal tells people to run. */
const COMMAND = /`nearpaper ([^`]+)`/g;

/** Fails unless the outcome is one of the three that are right. */
export async function outcomeOf(
  asking: Promise<Answers & { note: string | null }>,
  sound: Answers,
): Promise<Outcome> {
  const giveUp = new AbortController();
  const late = pause(MOST_SECONDS * 1000, undefined, { signal: giveUp.signal }).then(() =>
    assert.fail(`no answer and no refusal within ${MOST_SECONDS} s`),
  );
  late.catch(() => undefined);
  try {
    const { note, ...found } = await Promise.race([asking, late]);
    if (note === null) {
      assert.deepEqual(found, sound, 'it answers otherwise than before');
      return { kind: 'harmless' };
    }
    assert.deepEqual(rankings(found), rankings(sound), 'exact search stands in and answers otherwise');
    assert.match(note, /`nearpaper [^`]+`/);
    return { kind: 'stands_in', note };
  } catch (thrown) {
    if (!(thrown instanceof NearpaperError)) throw thrown;
    const commands = [...thrown.message.matchAll(COMMAND)].map(([, command = '']) => command);
    assert.ok(commands.length > 0, `no command that mends it is named: ${thrown.code}: ${thrown.message}`);
    return { kind: 'refused', commands };
  } finally {
    giveUp.abort();
  }
}

/** Answers without what they say of the engine. */
function rankings({ answers }: Answers): unknown {
  return JSON.parse(JSON.stringify(answers, (key, value) => (key === 'index' ? undefined : value)));
}

/** What was tried on one file, and what came of it. */
export interface Tally {
  tried: number;
  harmless: number;
  standsIn: number;
  refused: number;
  /** The commands that refusals named, each with a damage that led to it. */
  mends: Map<string, Damage>;
}

export interface SoundIndex {
  folder: string;
  /** A backup of it. */
  backup: string;
  /** The papers in it, for a command that builds afresh. */
  input: string;
  embedder: Embedder;
  answers: Answers;
  /** The papers in it without its changes. */
  published: unknown[];
}

/** Does each damage to `file`, a path within the generation's folder, with either engine. Fails on a wrong outcome. */
export async function tryDamages(
  { embedder, answers, ...index }: SoundIndex,
  file: string,
  damagesFor: (size: number) => Damage[],
  scope: Scope,
): Promise<Tally> {
  const folder = copyOf(index.folder, scope);
  const path = join(currentFolder(folder), file);
  const tally: Tally = { tried: 0, harmless: 0, standsIn: 0, refused: 0, mends: new Map() };
  for (const damage of damagesFor(statSync(path).size)) {
    const undo = inflict(path, damage);
    for (const engine of ['auto', 'hnsw'] as const) {
      const outcome = await outcomeOf(ask(folder, embedder, engine), answers).catch((thrown: unknown) => {
        const what = `${file}, ${JSON.stringify(damage)}, engine ${engine}`;
        throw new Error(`${what}: ${messageOf(thrown)}`, { cause: thrown });
      });
      tally.tried++;
      if (outcome.kind === 'harmless') tally.harmless++;
      else if (outcome.kind === 'stands_in') tally.standsIn++;
      else {
        tally.refused++;
        for (const command of outcome.commands)
          if (!tally.mends.has(command)) tally.mends.set(command, damage);
      }
    }
    undo();
  }
  return tally;
}

/** Damages a copy of the index, runs the command that the refusal names, and sees that all is there again. */
export async function mend(
  { embedder, answers, published, input, backup, ...index }: SoundIndex,
  file: string,
  command: string,
  damage: Damage,
  scope: Scope,
): Promise<void> {
  const folder = copyOf(index.folder, scope);
  inflict(join(currentFolder(folder), file), damage);
  const args = command.split(' ').map((word) => (word === '<file>' ? input : word));
  if (command.startsWith('restore')) args.splice(1, 1, backup);
  const { code, stderr } = await runCommand([...args, '--index', folder]);
  assert.equal(code, 0, `nearpaper ${command}: ${stderr}`);
  const { note, ...found } = await ask(folder, embedder, 'hnsw').catch((thrown: unknown) =>
    assert.fail(`after nearpaper ${command}: ${messageOf(thrown)}`),
  );
  assert.equal(note, null);
  const expected = command.includes('--discard-changes') ? published : answers.papers;
  assert.deepEqual(found.papers, expected, `nearpaper ${command} does not bring back what can be had`);
}
