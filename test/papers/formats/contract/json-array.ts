import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

export const jsonArray: Fixture = {
  text: `[\n  {"title": "${a}"},\n  {\n    "title": NaN\n  },\n\n  {"title": "${b}"}\n]\n`,
  lines: [2, 7],
  bad: { line: 3, reason: /^not JSON: unexpected "N" at position \d+ of the record$/ },
};
