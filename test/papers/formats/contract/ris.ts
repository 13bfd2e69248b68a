import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

export const ris: Fixture = {
  text: `
TY  - JOUR
TI  - ${a.replace('– ', '–\n')}
PY  - 2019/03/14/
ER  -

TY  - JOUR
AU  - Last, First
ER  -
TY  - CPAPER
T1  - ${b}
ER  -
`,
  lines: [2, 11],
  bad: { line: 8, reason: /^no title$/ },
};
