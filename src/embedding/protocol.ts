/** What the pool and a worker thread say to each other. One text is in flight at a time, so nothing is numbered. */
import type { ErrorCode } from '../errors.js';
import type { TextRole } from './model-input.js';

export type ToWorker =
  | { kind: 'embed'; text: string; role: TextRole }
  /** Sent only while nothing is in flight: free the model, then exit. */
  | { kind: 'close' };

export type FromWorker =
  /** The model is loaded. Always the first message, unless it is `unloadable`. */
  | { kind: 'ready' }
  /** The model cannot be loaded; the thread exits by itself. */
  | { kind: 'unloadable'; code: ErrorCode; message: string; cause: string }
  /** The vector's buffer is transferred. */
  | { kind: 'embedded'; vector: Float32Array<ArrayBuffer>; truncated: boolean }
  /** This text failed; the thread is ready for the next. */
  | { kind: 'failed'; message: string };
