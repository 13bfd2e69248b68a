/// <reference path="./citation-js.d.ts" />
import type { PaperInput, ReadOutcome } from '../paper.js';
import { paperFromCsl } from './csl-paper.js';
import { isTable } from './csv.js';
import type { PaperReader } from './format.js';
import { FieldProblem, type Fields, outcomeOf } from './record-fields.js';
import { type RisRecord, risRecordsOf } from './ris-records.js';

/** Tags by which venues are named, the fullest name first; which of them is used differs by program. */
const VENUE_TAGS = ['JF', 'T2', 'JO', 'JA', 'J2', 'BT', 'C3'];
/** Tags in which a DOI stands; the last ones hold other things too. */
const DOI_TAGS = ['DO', 'DI', 'M3', 'L3', 'UR'];
const DOI = /^(?:doi:\s?|(?:https?:\/\/)?(?:dx\.)?doi\.org\/)*10\.\d{4,9}\/\S+$/i;

const FAULTS = {
  'too-long': { problem: 'too_long', reason: 'the record is longer than 8 MiB' },
  'no-type': { problem: 'broken_record', reason: 'not RIS: the record does not begin with TY' },
} as const;

/** The first tag of a record; an export in EndNote's own words has types such as "Journal Article". */
const FIRST_TAG = /^[ \t]*TY[ \t]{1,4}-[ \t]+[A-Z][\w \t]*$/m;

/** Where one comes first, the records are what was appended to BibTeX. */
const BIBTEX_ENTRY = /^[ \t]*@[a-z]+[ \t]*[{(]/im;

/** EndNote counts the records of a library, and so every library has the same numbers. */
const RECORD_NUMBER = /^\d+$/;

/**
 * RIS, which nearly every library, publisher and reference manager exports. The id is ID, or else AN, unless it has
 * digits only.
 */
export const ris: PaperReader = {
  name: 'ris',
  // A cell of a table may hold a record.
  looksLike: (head) => {
    const start = FIRST_TAG.exec(head)?.index;
    return start !== undefined && !BIBTEX_ENTRY.test(head.slice(0, start)) && !isTable(head);
  },
  read: readRis,
};

type Tags = Readonly<Record<string, string | string[]>>;

async function* readRis(text: AsyncIterable<string>): AsyncGenerator<ReadOutcome, void, undefined> {
  // Loaded with the first file of this kind: it takes a tenth of a second, which no other command should.
  const { parse } = await import('@citation-js/plugin-ris/lib/ris.js');
  for await (const record of risRecordsOf(text)) yield outcomeOfRecord(record, parse);
}

function outcomeOfRecord(record: RisRecord, parse: (text: string) => Tags[]): ReadOutcome {
  const { line } = record;
  if (record.kind === 'broken') return { kind: 'bad', line, ...FAULTS[record.fault] };
  const [tags = {}] = parse(record.text);
  return outcomeOf(line, tags, () => paperFromTags(tags));
}

function paperFromTags(tags: Tags): PaperInput {
  const [type] = valuesOf(tags, 'TY');
  if (type === 'JFULL') throw new FieldProblem('not_a_paper', 'a journal, not a paper');
  return paperFromCsl(itemOf(tags));
}

/** An item of CSL-JSON: what citation-js makes of it loses keywords with commas, dates and every second spelling. */
function itemOf(tags: Tags): Fields {
  const doi = firstOf(tags, DOI_TAGS, (value) => DOI.test(value));
  return {
    id: firstOf(tags, ['ID', 'AN'], (value) => !RECORD_NUMBER.test(value)),
    title: firstOf(tags, ['TI', 'T1', 'CT']),
    abstract: firstOf(tags, ['AB', 'N2']),
    author: [...valuesOf(tags, 'AU'), ...valuesOf(tags, 'A1')].map(nameOf),
    issued: issuedOf(tags),
    'container-title': firstOf(tags, VENUE_TAGS),
    categories: valuesOf(tags, 'KW').flatMap((keywords) => keywords.split(';')),
    URL: firstOf(tags, ['UR', 'L2']),
    DOI: doi,
  };
}

function valuesOf(tags: Tags, tag: string): string[] {
  const value = tags[tag];
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** The first value of the first of these tags that has one of the kind. */
function firstOf(
  tags: Tags,
  names: readonly string[],
  isKind: (value: string) => boolean = () => true,
): string | undefined {
  return names.flatMap((name) => valuesOf(tags, name)).find(isKind);
}

/** "Last, First, Suffix", or a name as it is written. */
function nameOf(name: string): Fields {
  const [family, given, suffix] = name.split(',').map((part) => part.trim());
  return { family, given, suffix };
}

/** "2019/03/14/Spring" and "2019///" lack any of their parts; the tag with a day is the one to have. */
function issuedOf(tags: Tags): Fields | undefined {
  const dates = ['PY', 'Y1', 'DA'].flatMap((tag) => valuesOf(tags, tag));
  const written = dates.map((date) =>
    date
      .split('/')
      .slice(0, 3)
      .map((part) => part.trim()),
  );
  const day = written.find(([year, month, of]) => isNumber(year) && isNumber(month) && isNumber(of));
  if (day !== undefined) return { 'date-parts': [day] };
  const raw = dates.find((date) => /\d{4}-\d/.test(date)) ?? dates.find((date) => /\d{4}/.test(date));
  return raw === undefined ? undefined : { raw };
}

function isNumber(part: string | undefined): boolean {
  return part !== undefined && /^\d+$/.test(part);
}
