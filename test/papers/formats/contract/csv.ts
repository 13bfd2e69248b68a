import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

export const csv: Fixture = {
  text: `id,Title,Abstract\n\n1,"${a}","two\nlines, ""quoted"" "\n2,x\n3,${b},ä\n`,
  lines: [3, 6],
  bad: { line: 5, reason: /^the row has 2 columns, the header 3$/ },
};
