import { addAbortSignal } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { NearpaperError } from '../errors.js';
import type { CommandContext } from './context.js';

/** All of standard input. Errors: `cancelled` when a signal stops the wait for it. */
export async function readStdin({ stdin, signal }: CommandContext): Promise<string> {
  try {
    return await readAll(addAbortSignal(signal, stdin));
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    throw new NearpaperError('cancelled', 'Stopped while reading standard input.', { cause: thrown });
  }
}
