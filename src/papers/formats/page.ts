import type { ReadOutcome } from '../paper.js';
import type { PaperReader } from './format.js';
import { firstLines, type Line, linesOf } from './lines.js';

/** "new", the call to subscribe, "Subscribe", whose page it is, and its day. */
const HEADER_LINES = 5;
const HEADER_MARKS = [/^get trending papers/i, /^subscribe$/i, /research community$/i];
const HEADER_MARKS_NEEDED = 2;

/**
 * The daily-papers page, saved as text: five non-blank header lines, then titles and abstracts on alternating
 * non-blank lines. It has no ids and no dates of papers.
 */
export const page: PaperReader = {
  name: 'page',
  looksLike(head) {
    const header = firstLines(head, HEADER_LINES);
    const marks = HEADER_MARKS.filter((mark) => header.some((line) => mark.test(line)));
    return marks.length >= HEADER_MARKS_NEEDED;
  },
  read: readPage,
};

async function* readPage(text: AsyncIterable<string>): AsyncGenerator<ReadOutcome, void, undefined> {
  let headerLeft = HEADER_LINES;
  let title: Line | null = null;
  for await (const line of linesOf(text)) {
    if (line.text?.trim() === '') continue;
    if (headerLeft > 0) headerLeft -= 1;
    else if (title === null) title = line;
    else {
      yield outcomeOfPair(title, line);
      title = null;
    }
  }
  if (title !== null) {
    yield {
      kind: 'bad',
      line: title.number,
      problem: 'broken_record',
      reason: 'a title without an abstract: the page ends after it',
    };
  }
}

function outcomeOfPair(title: Line, abstract: Line): ReadOutcome {
  if (title.text === null || abstract.text === null) {
    const which = title.text === null ? 'title' : 'abstract';
    return {
      kind: 'bad',
      line: title.number,
      problem: 'too_long',
      reason: `the line of the ${which} is longer than 8 MiB`,
    };
  }
  return {
    kind: 'paper',
    line: title.number,
    paper: { title: title.text.trim(), abstract: abstract.text.trim() },
  };
}
