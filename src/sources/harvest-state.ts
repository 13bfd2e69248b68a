/** What a folder of fetched pages knows about itself, so that the next run begins where this one ended, however it ended. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import { writeWhole } from './whole-file.js';

/** Begins with a dot: what reads the folder as one of papers passes it over. */
export const STATE_FILE = '.state.json';

const day = z.iso.date();
const count = z.int().min(0);
const range = z.object({ from: day, to: day });
const schema = z.object({
  version: z.literal(1),
  source: z.string(),
  /** The address that `covered` and `harvest` are true of; null before the first harvest. */
  url: z.string().nullable(),
  /** Where a run begins that is not told; null before the first. */
  since: day.nullable(),
  /** Days of which everything was fetched. */
  covered: z.array(range),
  harvest: z
    .object({
      from: day,
      to: day,
      began: z.iso.datetime({ offset: true }).nullable(),
      cursor: z.string().nullable(),
      records: count,
      total: count.nullable(),
      missing: z.array(range),
    })
    .nullable(),
  /** The number of the next page that is not named by its day. */
  nextPage: z.int().min(1),
  /** The pages that are in an index, by its folder as an absolute path. */
  built: z.record(z.string(), z.array(z.string())),
  /** When the last complete harvest began. */
  completed: z.string().nullable(),
});

/** Numbered, or named by its day. */
const PAGE = /^(?:page-(\d{6,9})|\d{4}-\d{2}-\d{2})\.[a-z]+\.gz$/;

/** The name of a numbered page, so that the order of names is the order of arrival. */
export function pageName(number: number, extension: string): string {
  return `page-${String(number).padStart(6, '0')}.${extension}`;
}

export type HarvestState = z.infer<typeof schema>;

/** The state of a folder that has none. Pages that lie there all the same keep their names. */
async function newState(folder: string, source: string): Promise<HarvestState> {
  const numbers = (await pageNames(folder)).map((name) => Number(PAGE.exec(name)?.[1] ?? 0));
  return {
    version: 1,
    source,
    url: null,
    since: null,
    covered: [],
    harvest: null,
    nextPage: Math.max(0, ...numbers) + 1,
    built: {},
    completed: null,
  };
}

/** The pages that lie in a folder, in their order; none where there is no folder. Errors: `input_unreadable`. */
export async function pageNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => PAGE.test(name)).toSorted();
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return [];
    const message = `Cannot look into ${folder}: ${messageOf(thrown)}. --to names another folder.`;
    throw new NearpaperError('input_unreadable', message, { cause: thrown });
  }
}

/** The state of a folder, a new one where there is none. Errors: `input_unreadable`, when it cannot be understood. */
export async function readState(folder: string, source: string): Promise<HarvestState> {
  const path = join(folder, STATE_FILE);
  try {
    const state = schema.parse(JSON.parse(await readFile(path, 'utf8')));
    if (state.source !== source) throw new Error(`it is of ${state.source}`);
    return state;
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return newState(folder, source);
    const why = thrown instanceof z.ZodError ? z.prettifyError(thrown) : messageOf(thrown);
    throw new NearpaperError(
      'input_unreadable',
      `Cannot go on with ${folder}: ${path} is not what fetch wrote (${why}). Name another folder with --to, or remove ` +
        'that file: the pages stay, and are fetched again.',
      { cause: thrown },
    );
  }
}

/** Errors: `index_unwritable`. */
export async function writeState(folder: string, state: HarvestState): Promise<void> {
  await writeWhole(folder, STATE_FILE, [Buffer.from(`${JSON.stringify(state, null, 2)}\n`)]);
}
