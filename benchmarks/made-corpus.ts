/**
 * A corpus of any size from real papers and their real vectors. The first papers are the real ones; each further one
 * lies between a real paper and one of its ten nearest, in its vector as in its text, so that it has neighbours as real
 * papers have them. Uniform random vectors have none, and say nothing about search.
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { indexVectors } from '../src/build/index-vectors.js';
import { readConfig } from '../src/config.js';
import { embedPapers } from '../src/embedding/paper-vectors.js';
import { createEmbedder } from '../src/embedding/pool.js';
import { findModel } from '../src/open-corpus.js';
import { packageRoot } from '../src/package-root.js';
import { readPapers } from '../src/papers/formats/read-papers.js';
import { openVectorIndex } from '../src/vectors/open.js';
import type { BenchOptions } from './harness.js';

export const MODEL = 'all-MiniLM-L6-v2';
const NEIGHBOURS = 10;

export interface Text {
  title: string;
  abstract: string;
}

export interface RealPapers {
  texts: readonly Text[];
  dimensions: number;
  /** A new unit vector. */
  vector(row: number): Float32Array;
}

/** A paper of a made corpus, with a day of its own so that filters by date leave any share. */
export interface MadePaper extends Text {
  id: string;
  published: string;
}

export class MadeCorpus {
  readonly dimensions: number;
  /** So many come first as they are. */
  readonly realPapers: number;
  readonly #real: RealPapers;
  /** Row r's nearest are `nearest[10 r]` to `nearest[10 r + 9]`. */
  readonly #nearest: Uint32Array;

  constructor(real: RealPapers, nearest: Uint32Array) {
    this.dimensions = real.dimensions;
    this.realPapers = real.texts.length;
    this.#real = real;
    this.#nearest = nearest;
  }

  /** The unit vector of paper number `row`, a whole number of any size; the same every time. */
  vector(row: number): Float32Array {
    const between = this.#parents(row);
    const first = this.#real.vector(between.first);
    if (between.share === 0) return first;
    const second = this.#real.vector(between.second);
    return unit(first.map((value, i) => (1 - between.share) * value + between.share * (second[i] ?? 0)));
  }

  /** Sentences of both parents in turn. */
  paper(row: number): MadePaper {
    const { first, second, share, round } = this.#parents(row);
    const id = `made-${row}`;
    const published = dayOf(row);
    const a = this.#text(first);
    if (share === 0) return { id, published, ...a };
    const b = this.#text(second);
    const title = `${firstHalf(a.title.split(' '))} ${secondHalf(b.title.split(' '))} ${round}`;
    const others = sentencesOf(b.abstract);
    const sentences = sentencesOf(a.abstract).map((own, i) => (i % 2 === 0 ? own : (others[i] ?? own)));
    return { id, published, title, abstract: sentences.join(' ') };
  }

  #text(row: number): Text {
    const { title = '', abstract = '' } = this.#real.texts[row] ?? {};
    return { title: title || `Paper ${row}`, abstract };
  }

  #parents(row: number): { first: number; second: number; share: number; round: number } {
    const first = row % this.realPapers;
    const round = Math.floor(row / this.realPapers);
    if (round === 0) return { first, second: first, share: 0, round };
    const second = this.#nearest[first * NEIGHBOURS + ((round - 1) % NEIGHBOURS)] ?? first;
    // Multiples of the golden ratio spread evenly over 0 to 1, in an order that looks like none.
    return { first, second, share: 0.2 + 0.6 * ((row * 0.6180339887498949) % 1), round };
  }
}

function firstHalf(words: readonly string[]): string {
  return words.slice(0, Math.ceil(words.length / 2)).join(' ');
}

function secondHalf(words: readonly string[]): string {
  return words.slice(words.length >> 1).join(' ');
}

export function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.?!]) (?=[A-Z])/);
}

/** Days of 2015 to 2024. Papers of one day lie all over the corpus, as 61,803 and 3,653 share no factor. */
function dayOf(row: number): string {
  return new Date(Date.UTC(2015, 0, 1 + ((row * 61_803) % DAYS))).toISOString().slice(0, 10);
}

/** How many days papers are spread over, from `FIRST_DAY` on. */
export const DAYS = 3653;
export const FIRST_DAY = Date.UTC(2015, 0, 1);

export function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/**
 * The corpus that a run measures: made of the 106,602 papers of acm-cr-dev, or of the sample page when it is a quick
 * one. `size`: how many papers will be asked for; with more than the real ones, their neighbours are found first, which
 * takes minutes and is kept in `keep`.
 */
export async function madeCorpus(options: BenchOptions, size: number): Promise<MadeCorpus> {
  const real = options.quick ? await samplePapers() : await judgedPapers(options.data);
  if (size <= real.texts.length) return new MadeCorpus(real, new Uint32Array());
  const kept = options.keep && join(options.keep, `nearest-${real.texts.length}.u32`);
  const known = kept && (await readFile(kept).catch(() => undefined));
  if (known) return new MadeCorpus(real, new Uint32Array(known.buffer.slice(known.byteOffset)));
  const nearest = await nearestOf(real);
  if (options.keep && kept) {
    await mkdir(options.keep, { recursive: true });
    await writeFile(kept, new Uint8Array(nearest.buffer));
  }
  return new MadeCorpus(real, nearest);
}

async function judgedPapers(data: string): Promise<RealPapers> {
  const bytes = await readFile(join(data, 'vectors-106602x384.i8'));
  const dimensions = 384;
  const corpus = createReadStream(join(data, '..', 'acm-cr-dev', 'corpus.jsonl.gz')).pipe(createGunzip());
  const texts: Text[] = [];
  for await (const line of createInterface({ input: corpus })) {
    const { title, abstract }: Partial<Text> = JSON.parse(line);
    texts.push({ title: title ?? '', abstract: abstract ?? '' });
  }
  if (texts.length * dimensions !== bytes.length) throw new Error('corpus and vectors do not fit together');
  const vector = (row: number) => {
    const scaled = new Int8Array(bytes.buffer, bytes.byteOffset + row * dimensions, dimensions);
    return unit(Float32Array.from(scaled));
  };
  return { texts, dimensions, vector };
}

/** The papers of the page that comes with nearpaper. */
export async function samplePapers(): Promise<RealPapers> {
  const texts: Text[] = [];
  const { outcomes } = await readPapers(join(packageRoot(), 'index-data', 'sample-page.txt'));
  for await (const outcome of outcomes) {
    if (outcome.kind !== 'paper') continue;
    texts.push({ title: outcome.paper.title, abstract: outcome.paper.abstract ?? '' });
  }
  const model = await findModel(MODEL, readConfig({}));
  const embedder = await createEmbedder(model, { workers: cpus().length, maxQueued: 0 });
  try {
    const vectors = await embedPapers(embedder, texts);
    const vector = (row: number) => Float32Array.from(vectors[row] ?? []);
    return { texts, dimensions: model.dimensions, vector };
  } finally {
    await embedder.close();
  }
}

/** The vectors of rows 0 to count - 1 under labels from `first` on, as an index takes them; can be iterated again. */
export function labelled(
  count: number,
  vector: (row: number) => Float32Array,
  first: number,
): Iterable<{ label: number; vector: Float32Array }> {
  return {
    *[Symbol.iterator]() {
      for (let row = 0; row < count; row++) yield { label: first + row, vector: vector(row) };
    },
  };
}

/** Ten of each paper's nearest, without itself. */
async function nearestOf({ texts, dimensions, vector }: RealPapers): Promise<Uint32Array> {
  const count = texts.length;
  const folder = await mkdtemp(join(tmpdir(), 'nearpaper-nearest-'));
  try {
    const { signal } = new AbortController();
    const files = await indexVectors(labelled(count, vector, 0), {
      folder,
      count,
      dimensions,
      signal,
      onEvent: () => undefined,
    });
    const { index } = await openVectorIndex(folder, files, {
      engine: 'auto',
      exactBelow: 2000,
      poolSize: 20,
    });
    const nearest = new Uint32Array(count * NEIGHBOURS);
    for (let row = 0; row < count; row++) {
      const found = await index.search(vector(row), NEIGHBOURS + 1);
      const others = found.map(({ label }) => label).filter((label) => label !== row);
      nearest.set(others.slice(0, NEIGHBOURS), row * NEIGHBOURS);
    }
    await index.close();
    return nearest;
  } finally {
    await rm(folder, { recursive: true });
  }
}
