/**
 * Every failure a caller can meet, in one list: a stable code, the HTTP status it becomes, and the exit
 * code of the command line. Codes are part of the public contract: add, never rename.
 */
export const ERRORS = {
  // What a request got wrong.
  invalid_request: { status: 400, title: 'The request is not valid' },
  unknown_parameter: { status: 400, title: 'Unknown parameter' },
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_text: { status: 400, title: 'The text contains characters that are not text' },
  malformed_http: { status: 400, title: 'Malformed HTTP request' },
  malformed_url: { status: 400, title: 'Malformed percent-encoding in the URL' },
  invalid_paper: { status: 400, title: 'The record is no paper' },
  unauthorized: { status: 401, title: 'A key is needed' },
  writes_off: { status: 403, title: 'Writes are switched off' },
  unknown_paper: { status: 404, title: 'No such paper' },
  not_found: { status: 404, title: 'No such route' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  older_version: { status: 409, title: 'A newer version is here already' },
  precondition_failed: { status: 412, title: 'The condition of the request does not hold' },
  body_too_large: { status: 413, title: 'The body is too large' },
  text_too_long: { status: 413, title: 'The text is too long' },
  query_too_long: { status: 414, title: 'The query is too long for GET' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  rate_limited: { status: 429, title: 'Too many requests' },
  cancelled: { status: 499, title: 'The caller went away' },
  internal: { status: 500, title: 'Internal error' },
  overloaded: { status: 503, title: 'Overloaded' },
  not_ready: { status: 503, title: 'Not ready' },
  deadline_exceeded: { status: 503, title: 'The deadline passed' },
  storage_failed: { status: 507, title: 'The change could not be stored' },
  // What a machine, a folder or an input got wrong; a request meets these only as `internal`.
  config_invalid: { status: 500, title: 'Invalid configuration' },
  usage: { status: 500, title: 'Wrong use of the command' },
  input_unreadable: { status: 500, title: 'Unreadable input' },
  input_empty: { status: 500, title: 'No paper in the input' },
  bad_record: { status: 500, title: 'Bad record' },
  prune_refused: { status: 500, title: 'Pruning refused' },
  index_missing: { status: 500, title: 'No index' },
  index_damaged: { status: 500, title: 'The index is damaged' },
  index_outdated: { status: 500, title: 'The index was built by an older version' },
  index_locked: { status: 500, title: 'Another process is writing the index' },
  index_unwritable: { status: 500, title: 'The index folder cannot be written' },
  schema_newer: { status: 500, title: 'The store was written by a newer version' },
  invalid_vector: { status: 500, title: 'Invalid vector' },
  model_missing: { status: 500, title: 'No such model' },
  model_damaged: { status: 500, title: 'The model is damaged' },
  model_mismatch: { status: 500, title: 'The index was built with another model' },
  native_module: { status: 500, title: 'A native module is missing' },
  source_unreachable: { status: 500, title: 'The source cannot be reached' },
  source_refused: { status: 500, title: 'The source refused' },
  port_in_use: { status: 500, title: 'The port is taken' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** The offending field or parameter, as the caller wrote it. */
  field?: string;
  /** What would be accepted instead, for people. */
  accepted?: string;
  /** Ids the error is about. */
  ids?: string[];
  /** Whole seconds after which the same call may work; becomes Retry-After. */
  retryAfter?: number;
  /** Further problems of the same request, when several were found at once. */
  problems?: { field: string; detail: string }[];
  cause?: unknown;
}

/** A failure with a stable code and a message that says what to do. */
export class NearpaperError extends Error {
  override readonly name = 'NearpaperError';
  readonly code: ErrorCode;
  readonly details: Omit<ErrorDetails, 'cause'>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { cause, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = rest;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's code (ENOENT, EACCES, ...) of a thrown value, if it has one. */
export function systemCode(thrown: unknown): string | undefined {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return undefined;
}
