import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

export const jsonl: Fixture = {
  text: `\n{"title":"${a}"}\n{"title":"x",}\n\n{"title":"${b}"}\n`,
  lines: [2, 5],
  bad: { line: 3, reason: /^not JSON: unexpected "}" at position 14$/ },
};
