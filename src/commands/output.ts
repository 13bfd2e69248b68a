/** What commands print: JSON for machines, short lines for people. */
import type { Answer } from '../recommend/answer.js';

export function printJson(stdout: NodeJS.WriteStream, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function printLine(stream: NodeJS.WriteStream, line = ''): void {
  stream.write(`${line}\n`);
}

/** Results as numbered lines: similarity, title, then who, when and the id. */
export function printAnswer(stdout: NodeJS.WriteStream, answer: Answer): void {
  if (answer.results.length === 0) printLine(stdout, 'No other paper in the corpus.');
  for (const [i, { paper, similarity }] of answer.results.entries()) {
    printLine(stdout, `${String(i + 1).padStart(3)}  ${similarity.toFixed(3)}  ${paper.title ?? paper.id}`);
    const authors = paper.authors ?? [];
    const who = authors.length > 3 ? `${authors[0]} and ${authors.length - 1} others` : authors.join(', ');
    const about = [who, paper.published, paper.venue, paper.id].filter((part) => part != null && part !== '');
    printLine(stdout, `            ${about.join(' · ')}`);
  }
  for (const warning of answer.warnings) printLine(stdout, `Note: ${warning.detail}`);
}
