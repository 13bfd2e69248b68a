import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

const record = (id: string, title: string | null) =>
  JSON.stringify({
    id: `https://openalex.org/${id}`,
    title,
    display_name: title,
    abstract_inverted_index: { ä: [0] },
  });

export const openAlex: Fixture = {
  text: `${record('W1', a)}\n${record('W2', null)}\n${record('W3', b)}\n`,
  lines: [1, 3],
  bad: { line: 2, reason: /^no title$/ },
};
