/** Two dozen short papers whose dates, names, venues and categories differ in every way that filters look at. */
import type { PaperRecord } from '../support/corpus.js';

const TOPICS = [
  ['Rewards for language models', 'We train language models with rewards from people.'],
  ['Galaxies at high redshift', 'We measure the light of galaxies that are far away.'],
  ['Sorting with few comparisons', 'A sorting algorithm that compares seldom.'],
  ['Graph neural networks for molecules', 'Networks on graphs predict properties of molecules.'],
  ['Sheep of the Alps', 'Sheep graze on hills and are counted by shepherds.'],
  ['Planning with language agents', 'Language agents plan before they act.'],
] as const;
const AUTHORS = [['Ada Lovelace', 'Alan M. Turing'], ['Léa Müller'], ['Grace Hopper', 'A. Turing'], []];
const VENUES = ['Journal of Tests', 'Tests & Trials 2021', 'Revue d’Été', undefined, 'Workshop on Tests'];
const CATEGORIES = [['cs.LG', 'cs.CL'], ['astro-ph.GA'], ['CS.DS'], [], ['csx.LG', 'q-bio']];
const DATES: readonly { published?: string; year?: number }[] = [
  { published: '2020-01-01' },
  { published: '2020-12-31' },
  { published: '2021-02-28' },
  { published: '2021-06-15T10:00:00Z' },
  { year: 2021 },
  { year: 2020 },
  {},
];

export const VARIED_PAPERS: readonly (PaperRecord & { id: string })[] = Array.from({ length: 24 }, (_, i) => {
  const [title, abstract] = TOPICS[i % TOPICS.length] ?? ['', ''];
  const venue = VENUES[i % VENUES.length];
  return {
    id: `v${(i * 7) % 24}`,
    title: `${title} ${i}`,
    abstract: `${abstract} Study number ${i}.`,
    authors: AUTHORS[i % AUTHORS.length],
    categories: CATEGORIES[i % CATEGORIES.length],
    ...DATES[i % DATES.length],
    ...(venue === undefined ? {} : { venue }),
  };
});
