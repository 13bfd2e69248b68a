import type { FormatName } from '../../../../src/papers/formats/format.js';
import { arxivAtom } from './arxiv-atom.js';
import { arxivOai } from './arxiv-oai.js';
import { arxivSnapshot } from './arxiv-snapshot.js';
import { bibtex } from './bibtex.js';
import { cslJson } from './csl-json.js';
import { csv } from './csv.js';
import { dailyPapers } from './daily-papers.js';
import type { Fixture } from './fixture.js';
import { jsonArray } from './json-array.js';
import { jsonl } from './jsonl.js';
import { openAlex } from './openalex.js';
import { page } from './page.js';
import { pubmedXml } from './pubmed-xml.js';
import { ris } from './ris.js';
import { s2Dataset } from './s2-dataset.js';
import { s2Graph } from './s2-graph.js';

/** What every format gives the contract suite. */
export const FIXTURES: Record<FormatName, Fixture> = {
  page,
  jsonl,
  'json-array': jsonArray,
  csv,
  'arxiv-snapshot': arxivSnapshot,
  'arxiv-atom': arxivAtom,
  'arxiv-oai': arxivOai,
  's2-dataset': s2Dataset,
  's2-graph': s2Graph,
  openalex: openAlex,
  'daily-papers': dailyPapers,
  bibtex,
  ris,
  'csl-json': cslJson,
  'pubmed-xml': pubmedXml,
};
