import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

export const cslJson: Fixture = {
  text: `[
  {
    "id": "http://zotero.org/users/1/items/A",
    "type": "article-journal",
    "title": "<i>${a.slice(0, 7)}</i>${a.slice(7)}"
  },
  {"id": "c", "type": "book", "author": [{"family": "Last"}]},
  {"id": 7, "type": "paper-conference", "title": "${b}", "issued": {"date-parts": [["2024", 3]]}}
]
`,
  lines: [2, 8],
  bad: { line: 7, reason: /^no title$/ },
};
