/** Files of real titles and abstracts in every format that is read, as large as one likes, written for measuring. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { FormatName } from '../src/papers/formats/format.js';
import type { Text } from './made-corpus.js';

/** How a file of a format is written: what comes first, each record by its number, and what comes last. */
interface Writing {
  head: string;
  record: (n: number, text: Text) => string;
  between: string;
  tail: string;
}

const AUTHORS = ['Ada Lovelace', 'Émilie du Châtelet', 'Paul Erdős', 'Srinivasa Ramanujan'];
const TWO_NAMES = AUTHORS.map((name) => {
  const [given = '', ...family] = name.split(' ');
  return { given, family: family.join(' ') };
});

const arxivId = (n: number) =>
  `${String(1000 + (n % 1200)).padStart(4, '0')}.${String(Math.floor(n / 1200) + 1).padStart(5, '0')}`;
const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const tex = (text: string) => text.replaceAll(/[\\{}"%#&$_]/g, ' ');
const lines = (record: (n: number, text: Text) => object): Writing => ({
  ...{ head: '', between: '\n', tail: '\n' },
  record: (n, text) => JSON.stringify(record(n, text)),
});
const array = (record: (n: number, text: Text) => object): Writing => ({
  ...{ head: '[\n', between: ',\n', tail: '\n]\n' },
  record: (n, text) => JSON.stringify(record(n, text)),
});
const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
const plain = (n: number, { title, abstract }: Text) => ({
  ...{ id: `arXiv:${arxivId(n)}`, title, abstract, authors: AUTHORS },
  ...{ published: '2024-01-31', categories: ['cs.CL', 'cs.LG'], venue: 'A Journal' },
});

/** Of a work's fields that hardly anybody reads, as many as OpenAlex has: about 10 KB. */
const OPENALEX_REST = {
  authorships: AUTHORS.map((display_name, i) => ({
    author_position: 'middle',
    author: {
      id: `https://openalex.org/A${i}`,
      display_name,
      orcid: 'https://orcid.org/0000-0000-0000-0000',
    },
    institutions: [
      { id: 'https://openalex.org/I1', display_name: 'A University', ror: 'https://ror.org/1', type: 'e' },
    ],
    raw_affiliation_strings: ['Department of Something, A University, Some Town, Some Country'],
  })),
  referenced_works: Array.from({ length: 40 }, (_, i) => `https://openalex.org/W${2_000_000_000 + i}`),
  related_works: Array.from({ length: 10 }, (_, i) => `https://openalex.org/W${3_000_000_000 + i}`),
  concepts: Array.from({ length: 12 }, (_, i) => ({
    id: `https://openalex.org/C${i}`,
    wikidata: `https://www.wikidata.org/wiki/Q${i}`,
    display_name: 'Computer science',
    level: i % 4,
    score: 0.5,
  })),
  counts_by_year: Array.from({ length: 10 }, (_, i) => ({ year: 2015 + i, cited_by_count: i })),
};

function inverted(abstract: string): Record<string, number[]> {
  const index = new Map<string, number[]>();
  for (const [at, word] of abstract.split(/\s+/).entries()) {
    const places = index.get(word);
    if (places === undefined) index.set(word, [at]);
    else places.push(at);
  }
  return Object.fromEntries(index);
}

const WRITINGS: Record<FormatName, Writing> = {
  page: {
    head: 'new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nbyAK and the research community\n\nMar 11\n\n',
    record: (n, { title, abstract }) => `${n} ${title}\n\n${abstract}`,
    ...{ between: '\n\n', tail: '\n' },
  },
  jsonl: lines(plain),
  'json-array': array(plain),
  csv: {
    head: 'id,title,abstract,authors,published,categories,venue\n',
    record: (n, text) => {
      const { id, title, abstract, authors, published, categories, venue } = plain(n, text);
      return [
        id,
        cell(title),
        cell(abstract),
        cell(authors.join('; ')),
        published,
        categories.join(' '),
        venue,
      ].join(',');
    },
    ...{ between: '\n', tail: '\n' },
  },
  'arxiv-snapshot': lines((n, { title, abstract }) => ({
    ...{ id: arxivId(n), submitter: AUTHORS[0], authors: AUTHORS.join(', '), title, comments: '12 pages' },
    ...{
      'journal-ref': null,
      doi: null,
      'report-no': null,
      categories: 'cs.CL cs.LG',
      license: null,
      abstract,
    },
    versions: [{ version: 'v1', created: 'Wed, 31 Jan 2024 19:18:42 GMT' }],
    update_date: '2024-02-01',
    authors_parsed: TWO_NAMES.map(({ given, family }) => [family, given, '']),
  })),
  'arxiv-atom': {
    head: '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n<title>ArXiv Query</title><id>http://arxiv.org/api/x</id>\n',
    record: (n, { title, abstract }) =>
      `<entry><id>http://arxiv.org/abs/${arxivId(n)}v1</id><updated>2024-02-01T00:00:00Z</updated><published>2024-01-31T00:00:00Z</published><title>${xml(title)}</title><summary>${xml(abstract)}</summary>${AUTHORS.map((name) => `<author><name>${name}</name></author>`).join('')}<link href="http://arxiv.org/abs/${arxivId(n)}v1" rel="alternate" type="text/html"/><arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="cs.CL" scheme="http://arxiv.org/schemas/atom"/><category term="cs.CL" scheme="http://arxiv.org/schemas/atom"/></entry>`,
    ...{ between: '\n', tail: '\n</feed>\n' },
  },
  'arxiv-oai': {
    head: '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2024-02-01T00:00:00Z</responseDate><request verb="ListRecords">x</request><ListRecords>\n',
    record: (n, { title, abstract }) =>
      `<record><header><identifier>oai:arXiv.org:${arxivId(n)}</identifier><datestamp>2024-02-01</datestamp><setSpec>cs:cs:CL</setSpec></header><metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>${arxivId(n)}</id><created>2024-01-31</created><authors>${TWO_NAMES.map(({ given, family }) => `<author><keyname>${family}</keyname><forenames>${given}</forenames></author>`).join('')}</authors><title>${xml(title)}</title><categories>cs.CL cs.LG</categories><abstract>${xml(abstract)}</abstract></arXiv></metadata></record>`,
    ...{ between: '\n', tail: '\n</ListRecords></OAI-PMH>\n' },
  },
  // Papers and abstracts in turns: two records for each paper.
  's2-dataset': {
    ...{ head: '', between: '\n', tail: '\n' },
    record: (n, { title, abstract }) => {
      const id = { corpusid: Math.floor(n / 2) };
      return n % 2 === 0
        ? JSON.stringify({
            ...{
              ...id,
              externalids: { ArXiv: null, DOI: `10.1000/${n}`, MAG: null },
              url: 'https://x.org/1',
              title,
            },
            authors: AUTHORS.map((name, at) => ({ authorId: String(at), name })),
            ...{
              venue: 'A Journal',
              publicationvenueid: null,
              year: 2024,
              referencecount: 1,
              citationcount: 2,
            },
            ...{
              isopenaccess: false,
              s2fieldsofstudy: [{ category: 'Computer Science', source: 's2-fos-model' }],
            },
            ...{
              publicationtypes: ['JournalArticle'],
              publicationdate: '2024-01-31',
              journal: { name: 'A Journal' },
            },
          })
        : JSON.stringify({
            ...id,
            openaccessinfo: { license: null, url: null, status: null },
            abstract,
            updated: '2024',
          });
    },
  },
  's2-graph': {
    ...{ head: '{"total": 1, "offset": 0, "data": [\n', between: ',\n', tail: '\n]}\n' },
    record: (n, { title, abstract }) =>
      JSON.stringify({
        ...{
          paperId: n.toString(16).padStart(40, '0'),
          externalIds: { DOI: `10.1000/${n}`, CorpusId: n },
          title,
        },
        ...{
          abstract,
          venue: 'A Journal',
          year: 2024,
          publicationDate: '2024-01-31',
          url: 'https://x.org/1',
        },
        authors: AUTHORS.map((name, at) => ({ authorId: String(at), name })),
        s2FieldsOfStudy: [{ category: 'Computer Science', source: 's2-fos-model' }],
      }),
  },
  openalex: lines((n, { title, abstract }) => ({
    ...{ id: `https://openalex.org/W${n}`, doi: `https://doi.org/10.1000/${n}`, title, display_name: title },
    ...{ publication_year: 2024, publication_date: '2024-01-31', type: 'article', is_paratext: false },
    primary_location: { source: { display_name: 'A Journal' }, landing_page_url: 'https://x.org/1' },
    ...OPENALEX_REST,
    abstract_inverted_index: inverted(abstract),
  })),
  'daily-papers': array((n, { title, abstract }) => ({
    paper: {
      ...{ id: arxivId(n), title, summary: abstract, publishedAt: '2024-01-31T00:00:00.000Z', upvotes: 3 },
      authors: AUTHORS.map((name) => ({ _id: 'x', name, hidden: false })),
    },
    ...{
      publishedAt: '2024-01-31T00:00:00.000Z',
      title,
      summary: abstract,
      thumbnail: 'https://x.org/1.png',
      numComments: 1,
    },
  })),
  bibtex: {
    head: '',
    record: (n, { title, abstract }) =>
      `@inproceedings{key-${n},\n  title = "{${tex(title)}}",\n  author = "${TWO_NAMES.map(({ given, family }) => `${family}, ${given}`).join(' and ')}",\n  booktitle = "Proceedings of a Conference",\n  month = jan,\n  year = "2024",\n  doi = "10.1000/${n}",\n  abstract = "${tex(abstract)}"\n}`,
    ...{ between: '\n', tail: '\n' },
  },
  ris: {
    head: '',
    record: (n, { title, abstract }) =>
      `TY  - JOUR\n${AUTHORS.map((name) => `AU  - ${name}\n`).join('')}TI  - ${title}\nAB  - ${abstract}\nPY  - 2024\nDA  - 2024/01/31/\nDO  - 10.1000/${n}\nJO  - A Journal\nER  - `,
    ...{ between: '\n', tail: '\n' },
  },
  'csl-json': array((n, { title, abstract }) => ({
    ...{
      id: `http://zotero.org/users/1/items/${n}`,
      type: 'article-journal',
      title,
      abstract,
      DOI: `10.1000/${n}`,
    },
    ...{ 'container-title': 'A Journal', author: TWO_NAMES, issued: { 'date-parts': [[2024, 1, 31]] } },
  })),
  'pubmed-xml': {
    head: '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2024//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_240101.dtd">\n<PubmedArticleSet>\n',
    record: (n, { title, abstract }) =>
      `<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">${n + 1}</PMID><Article PubModel="Print"><Journal><JournalIssue CitedMedium="Print"><PubDate><Year>2024</Year><Month>Jan</Month><Day>31</Day></PubDate></JournalIssue><Title>A Journal</Title></Journal><ArticleTitle>${xml(title)}</ArticleTitle><ELocationID EIdType="doi" ValidYN="Y">10.1000/${n}</ELocationID><Abstract><AbstractText Label="BACKGROUND">${xml(abstract)}</AbstractText></Abstract><AuthorList CompleteYN="Y">${TWO_NAMES.map(({ given, family }) => `<Author ValidYN="Y"><LastName>${family}</LastName><ForeName>${given}</ForeName></Author>`).join('')}</AuthorList></Article><MeshHeadingList><MeshHeading><DescriptorName UI="D1" MajorTopicYN="N">Humans</DescriptorName></MeshHeading></MeshHeadingList></MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="pubmed">${n + 1}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>`,
    ...{ between: '\n', tail: '\n</PubmedArticleSet>\n' },
  },
};

/** Writes `count` records in a format: the texts in turn, each under an id of its own. */
export async function writeFileOf(
  path: string,
  { format, count, texts }: { format: FormatName; count: number; texts: readonly Text[] },
): Promise<void> {
  const { head, record, between, tail } = WRITINGS[format];
  const out = createWriteStream(path);
  out.write(head);
  for (let n = 0; n < count; n++) {
    const text = texts[n % texts.length];
    if (text === undefined) throw new Error('there is no text to write');
    if (!out.write(`${n === 0 ? '' : between}${record(n, text)}`)) await once(out, 'drain');
  }
  out.end(tail);
  await once(out, 'close');
}
