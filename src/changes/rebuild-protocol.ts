/** What the process that makes the next generation is given, and what it tells the service that started it. */
import type { BuildEvent } from '../build/progress.js';
import type { ErrorCode } from '../errors.js';

export interface RebuildTask {
  indexFolder: string;
  /** Changes after this one are left for the next time. */
  upTo: number;
  /** Value of NEARPAPER_MODEL, or of the model to move to; null: what the index says of its own. */
  model: string | null;
  /** Whether all papers are to be embedded anew, by that model; otherwise it must be the one that made the index. */
  reembed: boolean;
  allowDownload: boolean;
  modelCache: string;
  workers: number;
}

export type FromRebuild =
  | { kind: 'event'; event: BuildEvent }
  /** It lies in `building`, whole, and is called so. */
  | { kind: 'made'; generation: string }
  | { kind: 'failed'; code: ErrorCode; message: string };
