import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

const record = (corpusid: number, title: string | null) =>
  JSON.stringify({
    corpusid,
    externalids: { ArXiv: null, DOI: '10.1/x' },
    title,
    authors: [{ authorId: '1', name: 'ä' }],
  });

export const s2Dataset: Fixture = {
  text: `${record(1, a)}\n${record(2, null)}\n\n${record(3, b)}\n`,
  lines: [1, 4],
  bad: { line: 2, reason: /^no title$/ },
};
