import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

const entry = (id: string, title: string) =>
  `<entry>\n  <id>http://arxiv.org/abs/${id}</id>\n  <title>${title}</title>\n  <summary>ä</summary>\n</entry>\n`;

export const arxivAtom: Fixture = {
  text:
    '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n' +
    `<id>http://arxiv.org/api/x</id>\n${entry('2401.01335v2', a)}<entry><id>&x;</id></entry>\n` +
    `${entry('cs/0112017v1', b)}</feed>\n`,
  lines: [4, 10],
  bad: { line: 9, reason: /^not well-formed XML: the unknown entity &x; in line 9$/ },
};
