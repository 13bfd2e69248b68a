import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { messageOf, NearpaperError, systemCode } from '../errors.js';

/** Bytes hashed at a time: small enough not to hold the event loop for over a millisecond. */
const CHUNK = 256 * 1024;

/** Lower-case hexadecimal SHA-256 of a file. Errors: whatever the file system says. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) hash.update(chunk);
  return hash.digest('hex');
}

/** Size of a regular file in bytes; undefined when there is none of that name. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw unreadable(path, thrown);
  }
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (thrown) {
    if (isAbsent(thrown)) return false;
    throw unreadable(path, thrown);
  }
}

/**
 * One JSON file of a model, checked; undefined when the folder has no such file.
 * Errors: `model_damaged` when it is not JSON or not of that shape, `model_missing` when it cannot be read.
 */
export async function readJson<T>(
  folder: string,
  file: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const path = join(folder, file);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw unreadable(path, thrown);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new NearpaperError('model_damaged', `${path} is not JSON: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`);
  throw new NearpaperError('model_damaged', `${path} is not what it should be: ${problems.join('; ')}.`, {
    cause: parsed.error,
  });
}

/** The failure for a file that a model cannot do without. */
export function missingFile(folder: string, file: string): NearpaperError {
  return new NearpaperError(
    'model_missing',
    `The model folder ${folder} has no ${file}. Copy the whole model there, or name another one.`,
  );
}

function isAbsent(thrown: unknown): boolean {
  const code = systemCode(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function unreadable(path: string, thrown: unknown): NearpaperError {
  return new NearpaperError('model_missing', `${path} cannot be read: ${messageOf(thrown)}.`, {
    cause: thrown,
  });
}
