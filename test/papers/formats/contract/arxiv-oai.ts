import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

const record = (title: string) =>
  '<record>\n<header><identifier>oai:arXiv.org:2401.01335</identifier></header>\n<metadata><arXiv>' +
  `<title>${title}</title></arXiv></metadata>\n</record>\n`;

export const arxivOai: Fixture = {
  text:
    `<?xml version="1.0"?>\n<OAI-PMH><ListRecords>\n${record(a)}<!-- <record> -->${record('<b>x')}` +
    `${record(b)}</ListRecords></OAI-PMH>\n`,
  lines: [3, 11],
  bad: { line: 7, reason: /^not well-formed XML: unexpected close tag in line 9$/ },
};
