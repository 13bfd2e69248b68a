/**
 * Reading files of papers in every format, before anything is embedded:
 *   node dist/benchmarks/reading.js [--data <folder>] [--sizes 1000000] [--json]
 * Each file is read by a process of its own. The formats of one record a line are read with a million records too, whose
 * memory is held against that of a tenth of them; the others with a twentieth.
 */
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FORMAT_NAMES, type FormatName } from '../src/papers/formats/format.js';
import { atLeast, atMost, type BenchOptions, type Row, runAlone, told } from './harness.js';
import type { Text } from './made-corpus.js';
import { writeFileOf } from './made-files.js';
import { withFolder } from './made-index.js';
import { realTexts } from './texts.js';

/** One record a line. */
const LINE_FORMATS: readonly FormatName[] = ['jsonl', 'csv', 'arxiv-snapshot', 's2-dataset', 'openalex'];
const MILLION = 1_000_000;
/** What a million records are held against. */
const TENTH = 10;
const TWENTIETH = 20;
const RECORDS_A_SECOND = 20_000;
const MEMORY_GROWTH = 1.25;
/** Records a second that any machine reads. */
const QUICK_RATE = 200;
const QUICK_RECORDS = 2_000;

interface Reading {
  records: number;
  bad: number;
  recordsPerSecond: number;
  megabytesPerSecond: number;
  peakRssMiB: number;
}

export async function run(options: BenchOptions): Promise<Row[]> {
  const texts = await realTexts(options, 10_000);
  const count = options.quick ? QUICK_RECORDS : (options.sizes[0] ?? MILLION);
  return withFolder(options, async (keep) => {
    const folder = join(keep, 'reading');
    await mkdir(folder, { recursive: true });
    const rows: Row[] = [];
    try {
      for (const format of FORMAT_NAMES) {
        const isLines = LINE_FORMATS.includes(format);
        const ways = {
          folder,
          format,
          texts,
          count: isLines || options.quick ? count : Math.ceil(count / TWENTIETH),
        };
        rows.push(...(await (isLines && !options.quick ? lineRows(ways) : otherRows(ways, options.quick))));
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return rows;
  });
}

interface Way {
  folder: string;
  format: FormatName;
  texts: readonly Text[];
  count: number;
}

async function lineRows(way: Way): Promise<Row[]> {
  const few = await readingOf({ ...way, count: Math.ceil(way.count / TENTH) }, true);
  const many = await readingOf(way, false);
  const stored = await readingOf(way, true);
  const against = `${RECORDS_A_SECOND} a second`;
  return [
    atLeast(RECORDS_A_SECOND, {
      ...{ what: `${way.format}: records read and normalised`, against, unit: 'a second' },
      ...{ measured: many.recordsPerSecond, note: noteOf(many) },
    }),
    atLeast(RECORDS_A_SECOND, {
      ...{ what: `${way.format}: records read, normalised and stored`, against, unit: 'a second' },
      ...{ measured: stored.recordsPerSecond, note: noteOf(stored) },
    }),
    atMost(MEMORY_GROWTH, {
      what: `${way.format}: memory for ${stored.records} records`,
      against: `that for ${few.records}`,
      measured: stored.peakRssMiB / few.peakRssMiB,
      note: `${stored.peakRssMiB} against ${few.peakRssMiB} MiB`,
    }),
  ];
}

async function otherRows(way: Way, quick: boolean): Promise<Row[]> {
  const reading = await readingOf(way, false);
  const measured = reading.recordsPerSecond;
  const what = `${way.format}: records read and normalised`;
  const row = { what, unit: 'a second', measured, note: noteOf(reading) };
  return [
    quick
      ? atLeast(QUICK_RATE, { ...row, against: `${QUICK_RATE} a second` })
      : told({ ...row, against: '' }),
  ];
}

function noteOf({ records, megabytesPerSecond, peakRssMiB }: Reading): string {
  return `${records} records, ${megabytesPerSecond} MB a second, ${peakRssMiB} MiB at most`;
}

const PROGRAM = fileURLToPath(new URL('./read-papers.js', import.meta.url));

async function readingOf({ folder, format, texts, count }: Way, stores: boolean): Promise<Reading> {
  const file = join(folder, `papers.${format}`);
  await writeFileOf(file, { format, count, texts });
  const store = join(folder, 'store');
  await mkdir(store, { recursive: true });
  const args = stores ? ['--store', store, file] : [file];
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...args]);
  await rm(store, { recursive: true, force: true });
  await rm(file);
  const reading: Reading & { format: string } = JSON.parse(stdout);
  if (reading.format !== format || reading.records !== count || reading.bad > 0) {
    throw new Error(`${count} records of ${format} were read as ${stdout}`);
  }
  return reading;
}

await runAlone(import.meta.url, run);
