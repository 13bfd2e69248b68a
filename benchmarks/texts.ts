/** Real texts to ask and to embed: those of 10,000 arXiv papers, or of the sample page when a run is quick. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { packageRoot } from '../src/package-root.js';
import { readPapers } from '../src/papers/formats/read-papers.js';
import type { BenchOptions } from './harness.js';
import { sentencesOf, type Text } from './made-corpus.js';

/** The first `most` papers that have an abstract. */
export async function realTexts({ data, quick }: BenchOptions, most: number): Promise<Text[]> {
  const texts: Text[] = [];
  for await (const text of quick ? fromSamplePage() : fromArxiv(data)) {
    if (text.abstract !== '') texts.push(text);
    if (texts.length === most) break;
  }
  return texts;
}

async function* fromArxiv(data: string): AsyncGenerator<Text> {
  const bytes = createReadStream(join(data, 'sample-10k.jsonl.gz')).pipe(createGunzip());
  for await (const line of createInterface({ input: bytes })) {
    const { title, abstract }: Partial<Text> = JSON.parse(line);
    yield { title: title ?? '', abstract: abstract ?? '' };
  }
}

async function* fromSamplePage(): AsyncGenerator<Text> {
  const { outcomes } = await readPapers(join(packageRoot(), 'index-data', 'sample-page.txt'));
  for await (const outcome of outcomes) {
    if (outcome.kind === 'paper')
      yield { title: outcome.paper.title, abstract: outcome.paper.abstract ?? '' };
  }
}

/** Distinct sentences of abstracts, 40 to 400 characters each, as people paste them. */
export async function realSentences(options: BenchOptions, most: number): Promise<string[]> {
  const sentences = new Set<string>();
  for (const { abstract } of await realTexts(options, most)) {
    for (const sentence of sentencesOf(abstract)) {
      if (sentence.length >= 40 && sentence.length <= 400) sentences.add(sentence);
    }
    if (sentences.size >= most) break;
  }
  return [...sentences].slice(0, most);
}
