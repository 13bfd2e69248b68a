/** GET /metrics, read by a parser that is not ours. */
import assert from 'node:assert/strict';
import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import type { TestService } from '../support/service.js';

export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** Samples by name; a histogram's are those of its `_bucket`, `_sum` and `_count`. */
export type Scraped = ReadonlyMap<string, readonly Sample[]>;

/** Scrapes a service. */
export async function scrape({ http }: Pick<TestService, 'http'>): Promise<Scraped> {
  const { text } = await http.get('/metrics').expect(200);
  return parseMetrics(text);
}

export function parseMetrics(text: string): Scraped {
  // The parser makes one of all histograms of a family, whatever their labels; without their type each line of them
  // is a sample to it.
  const histograms = new Set(
    Array.from(text.matchAll(/^# TYPE (\S+) histogram$/gm), ([, name = '']) => name),
  );
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#') || !histograms.has(line.split(' ')[2] ?? ''));
  const scraped = new Map<string, Sample[]>();
  for (const { name, metrics } of parsePrometheusTextFormat(lines.join('\n'))) {
    const samples = metrics.map(({ value, labels = {} }) => ({ labels, value: Number(value) }));
    // Each set of labels of a histogram begins with the same name again.
    scraped.set(name, [...(scraped.get(name) ?? []), ...samples]);
  }
  return scraped;
}

/** The samples of this name with these labels, among others. */
export function samplesOf(scraped: Scraped, name: string, labels = {}): Sample[] {
  const samples = scraped.get(name) ?? [];
  const wanted = Object.entries(labels);
  return samples.filter((sample) => wanted.every(([label, value]) => sample.labels[label] === value));
}

/** The value of the one sample of this name with these labels. */
export function sampleValue(scraped: Scraped, name: string, labels = {}): number {
  const [sample, ...others] = samplesOf(scraped, name, labels);
  assert.ok(sample, `${name} with ${JSON.stringify(labels)}`);
  assert.deepEqual(others, []);
  return sample.value;
}
