/** Changing a corpus while it serves, as those see it who ask for changes. */

export interface WriteOptions {
  /** The paper that is meant, as a caller spells it; without it the id of the record, or one made from the title. */
  id?: string;
  /** Only when the paper is there and its version is one of these; `*`: whatever its version. */
  ifMatch?: readonly string[] | '*';
  /** Only when there is no such paper. */
  ifNoneMatch?: '*';
  /** Waits for room in the queue instead of being refused. */
  wait?: boolean;
}

export type WriteOutcome =
  | {
      outcome: 'created' | 'changed' | 'unchanged';
      /** The id that the corpus has: for another spelling, or another version, of a known paper the one it was first given. */
      id: string;
      /** Of the paper as it is now: 22 characters of base64url, from the hash of its id and content. */
      version: string;
    }
  /** The paper is here in a newer version, by the version of its arXiv id, and stays as it is. */
  | { outcome: 'older_version'; id: string };

/** Times are ISO 8601 in UTC. */
export type RebuildStatus =
  | { state: 'idle' }
  /** `progress`: 0 to 1. */
  | { state: 'running'; since: string; progress: number }
  /** `detail` is for people; `nextAttempt` is null when only another request begins one. */
  | { state: 'failed'; since: string; code: string; detail: string; nextAttempt: string | null };

export interface WriterStatus {
  /** As answers name it. */
  generation: string;
  papers: number;
  /** Of the model that makes the vectors. */
  model: string;
  changes: {
    /** Number of the last change that was acknowledged; 0 before the first. */
    last: number;
    /** Acknowledged, and not in the published generation yet. */
    pending: number;
    /** Asked for, and not acknowledged yet. */
    queued: number;
    /** As many may be queued. */
    queue: number;
  };
  rebuild: RebuildStatus;
}

/**
 * Writes to the corpus. What is resolved is durable, and the next query sees it. Calls that are about one paper take
 * effect in the order in which they are made, whether or not one waits for the one before.
 */
export interface CorpusWriter {
  /**
   * Puts a paper, given as an object with the names that `nearpaper build` reads in JSONL. One with the content that is
   * there already changes nothing. Errors: `invalid_paper`, `precondition_failed`, `overloaded` with the seconds after
   * which to try again, `index_unwritable`, `not_ready`, `cancelled` when the signal aborts before it is begun.
   */
  put(record: unknown, options: WriteOptions, signal: AbortSignal): Promise<WriteOutcome>;
  /** Removes the paper with this id or alias. Errors: as `put`, and `unknown_paper`. */
  remove(
    id: string,
    options: Pick<WriteOptions, 'ifMatch' | 'wait'>,
    signal: AbortSignal,
  ): Promise<{ id: string }>;
  /** Begins to make a generation that contains every change; resolves when it is begun, or under way. Errors: `not_ready`. */
  rebuild(): Promise<void>;
  /**
   * Begins to make a generation with the vectors of another model; resolves when it is begun. Errors: `invalid_request`
   * for a model that may not be named, `model_missing`, `model_damaged`, `not_ready`.
   */
  reembed(model: string): Promise<void>;
  readonly status: WriterStatus;
}
