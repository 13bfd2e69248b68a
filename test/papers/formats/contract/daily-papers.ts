import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

const record = (id: string, title: string) =>
  JSON.stringify({ paper: { id, title, summary: 'ä', upvotes: 3 }, title, numComments: 0 }, null, 1);

export const dailyPapers: Fixture = {
  text: `[${record('2401.01335', a)},\n${record('x', 'X')},\n${record('2401.01336', b)}]\n`,
  lines: [1, 21],
  bad: { line: 11, reason: /^id: expected an id of arXiv$/ },
};
