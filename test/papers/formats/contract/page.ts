import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

export const page: Fixture = {
  text: `new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nbyAK and the research community\n\nMar 11\n\n${a}\n\nä\n\n${b}\n\nä\n`,
  lines: [11, 15],
  bad: null,
};
