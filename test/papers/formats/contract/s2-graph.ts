import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

const record = (paperId: string, title: string) =>
  JSON.stringify({ paperId, title, abstract: null, authors: [] });

export const s2Graph: Fixture = {
  text: `{"total": 3, "offset": 0, "data": [${record('f0', a)},\nnull,\n${record('f1', b)}]}\n`,
  lines: [1, 3],
  bad: { line: 2, reason: /^null: the service found no paper/ },
};
