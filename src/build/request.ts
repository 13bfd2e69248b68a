/** What a build is asked to do. */
import type { Readable } from 'node:stream';
import type { ModelDescription } from '../embedding/model.js';
import type { FormatName } from '../papers/formats/format.js';
import type { BuildEvent } from './progress.js';

export interface BuildRequest {
  indexFolder: string;
  /** Paths, or `-` for `stdin`. None: bring the index up to date with the stored papers and the model. */
  inputs: readonly string[];
  stdin: Readable;
  /** Undefined: recognised from the content. */
  format: FormatName | undefined;
  /** Tell of an input that cannot be read or holds nothing good, and go on, even where that is all there is. */
  passOver?: boolean;
  /** Stop at the first bad record. */
  strict: boolean;
  /** Remove papers that the input does not name. */
  prune: boolean;
  /** Prune even after bad records, and even over a fifth of the corpus. */
  force: boolean;
  /** Start from an empty corpus, whatever is published. */
  fresh: boolean;
  /** Make a new generation even where nothing changed. */
  rebuild?: boolean;
  /** Drop acknowledged changes whose journal cannot be read. */
  discardChanges?: boolean;
  /** Nothing in the index folder may be written. */
  isDry?: boolean;
  /** Mark the result as the corpus that ships with nearpaper. */
  sample: boolean;
  /** Value of NEARPAPER_MODEL; null: the index's own, or the default. */
  model: string | null;
  resolveModel: (setting: string) => Promise<ModelDescription>;
  workers: number;
  signal: AbortSignal;
  onEvent: (event: BuildEvent) => void;
}
