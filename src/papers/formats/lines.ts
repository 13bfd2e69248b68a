import { MAX_RECORD_LENGTH } from './format.js';

/** One line of a text without its line break; `text` is null when it was longer than a record may be. */
export interface Line {
  /** 1-based. */
  number: number;
  text: string | null;
}

/**
 * The lines of a text that arrives in pieces, ended by LF or CRLF. A line of more than `maxLength` characters
 * is passed over without being held, and comes out with `text: null`.
 */
export async function* linesOf(
  text: AsyncIterable<string>,
  maxLength: number = MAX_RECORD_LENGTH,
): AsyncGenerator<Line, void, undefined> {
  let number = 1;
  // The beginning of a line whose end has not arrived; null once it is too long to be kept.
  let held: string | null = '';
  const extended = (piece: string): string | null =>
    held === null || held.length + piece.length > maxLength ? null : held + piece;
  for await (const chunk of text) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      const line = extended(chunk.slice(start, end));
      yield { number, text: line?.endsWith('\r') ? line.slice(0, -1) : line };
      held = '';
      number += 1;
      start = end + 1;
    }
    held = extended(chunk.slice(start));
  }
  if (held !== '') yield { number, text: held };
}

/** The non-blank lines at the beginning of a text, at most `count` of them, trimmed. */
export function firstLines(head: string, count: number): string[] {
  const found: string[] = [];
  for (let start = 0; start < head.length && found.length < count; ) {
    const end = head.indexOf('\n', start);
    const line = head.slice(start, end === -1 ? undefined : end).trim();
    if (line !== '') found.push(line);
    start = end === -1 ? head.length : end + 1;
  }
  return found;
}
