import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

const record = (title: string | undefined) =>
  JSON.stringify({
    id: '0704.0001',
    submitter: 'X',
    title,
    abstract: 'ä',
    versions: [],
    update_date: '2008-11-26',
  });

export const arxivSnapshot: Fixture = {
  text: `${record(a)}\n${record(undefined)}\n${record(b)}\n`,
  lines: [1, 3],
  bad: { line: 2, reason: /^no title$/ },
};
