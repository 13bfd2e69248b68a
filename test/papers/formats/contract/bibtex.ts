import { type Fixture, TITLES } from './fixture.js';

const [, b] = TITLES;

export const bibtex: Fixture = {
  text: `% Encoding: UTF-8
@string{conf = "Tagung"}

@inproceedings{a-2021,
  title = "{\\'E}nergie -- die {𝒩}-R{\\"a}ume",
  booktitle = conf
}
@article{broken, title = {never closed,
  year = 2020
}

@comment{nothing, here}
@misc{b, title={{${b}}}}
`,
  lines: [4, 13],
  bad: { line: 8, reason: /^not BibTeX: a brace or quote of the entry is never closed$/ },
};
