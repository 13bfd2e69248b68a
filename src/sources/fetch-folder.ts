/** The folder of everything that is fetched: one process at a time writes in it, and asks. */
import { join } from 'node:path';
import { NearpaperError } from '../errors.js';
import { lockFile } from '../papers/database.js';
import { RequestTimes } from './request-times.js';
import { makeFolder } from './whole-file.js';

/**
 * Holds the folder, made if need be, while `use` runs; the operating system lets go of it however the process ends.
 * Errors: `index_locked` while another process fetches into it, `index_unwritable`, those of `use`.
 */
export async function withFetchFolder<T>(
  folder: string,
  use: (times: RequestTimes) => Promise<T>,
): Promise<T> {
  await makeFolder(folder);
  const lock = lockFile(join(folder, '.fetch.lock'));
  if (lock === 'busy') {
    const message = `Another process is fetching into ${folder}. Wait until it is done, or stop it.`;
    throw new NearpaperError('index_locked', message);
  }
  try {
    return await use(await RequestTimes.open(folder));
  } finally {
    lock.release();
  }
}
