/** When each source was asked last, kept in a file: the polite interval holds from one run of a command to the next. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from './whole-file.js';

const FILE = '.requests.json';
const schema = z.record(z.string(), z.iso.datetime());

export class RequestTimes {
  readonly #folder: string;
  readonly #times: Map<string, number>;

  private constructor(folder: string, times: Map<string, number>) {
    this.#folder = folder;
    this.#times = times;
  }

  static async open(folder: string): Promise<RequestTimes> {
    return new RequestTimes(folder, await readTimes(join(folder, FILE)));
  }

  /** Milliseconds since 1970; undefined where the source was never asked. */
  of(source: string): number | undefined {
    return this.#times.get(source);
  }

  /** Errors: `index_unwritable`. */
  async note(source: string, time: number): Promise<void> {
    this.#times.set(source, time);
    const shown = Object.fromEntries(
      [...this.#times].map(([name, at]) => [name, new Date(at).toISOString()] as const),
    );
    await writeWhole(this.#folder, FILE, [Buffer.from(`${JSON.stringify(shown, null, 2)}\n`)]);
  }
}

/** A file that is missing or damaged costs no more than one request that comes a moment early. */
async function readTimes(path: string): Promise<Map<string, number>> {
  try {
    const parsed = schema.parse(JSON.parse(await readFile(path, 'utf8')));
    return new Map(Object.entries(parsed).map(([name, time]) => [name, Date.parse(time)] as const));
  } catch {
    return new Map();
  }
}
