/// <reference path="./citation-js.d.ts" />
import { messageOf } from '../../errors.js';
import { parseArxivId } from '../ids.js';
import type { PaperInput, ReadOutcome } from '../paper.js';
import { type BibtexEntry, bibtexEntriesOf } from './bibtex-entries.js';
import { authorsOfBibtex } from './bibtex-names.js';
import { paperFromCsl } from './csl-paper.js';
import { isTable } from './csv.js';
import type { PaperReader } from './format.js';
import { plainLatex } from './latex-text.js';
import { FieldProblem, type Fields, outcomeOf } from './record-fields.js';

/** What stands in a text before an entry: of no kind of JSON, HTML or XML. */
const FIRST_ENTRY =
  /^[ \t]*@[ \t]*(?:(?:string|preamble|comment)[ \t]*[{(]|[a-z]+[ \t]*[{(][^{}"=,\n]{0,200},)/im;

/** Entries that hold papers, or say something about others, and are none themselves. */
const VOLUMES = new Set(['proceedings', 'mvproceedings', 'collection', 'mvcollection', 'periodical']);
const WITHOUT_RECORD = new Set(['comment', 'preamble']);

/** "March 14" or "14 March", as some programs write months. */
const DAY_IN_MONTH = /^([A-Za-z]{3,9})\.?\s(\d{1,2})$|^(\d{1,2})\.?\s([A-Za-z]{3,9})\.?$/;

/** How many macros are kept, and how long one may be. */
const MOST_MACROS = 10_000;
const MOST_OF_A_MACRO = 1_000;

/** A name that may be a macro's: behind an equals sign or a "#". In braces it may stand too, and costs nothing there. */
const MACRO_USE = /[=#]\s*([A-Za-z_][\w:+-]*)/g;

const FAULTS = {
  'too-long': { problem: 'too_long', reason: 'the entry is longer than 8 MiB' },
  open: { problem: 'broken_record', reason: 'not BibTeX: a brace or quote of the entry is never closed' },
} as const;

/**
 * BibTeX and biblatex, as arXiv, DBLP, the ACL Anthology, publishers and reference managers write it. The id is the
 * citation key. A crossref is not followed: its entry comes after those that name it.
 */
export const bibtex: PaperReader = {
  name: 'bibtex',
  // A cell of a table may hold an entry.
  looksLike: (head) =>
    /^\s*[^\s{[<]/.test(head) && FIRST_ENTRY.test(head) && (/^\s*[@%]/.test(head) || !isTable(head)),
  read: readBibtex,
};

/** The parser of citation-js: its values are as they are written, and throws. */
type Parse = (text: string) => { properties: Record<string, unknown> }[];

async function* readBibtex(text: AsyncIterable<string>): AsyncGenerator<ReadOutcome, void, undefined> {
  // Loaded with the first file of this kind: it takes a tenth of a second, which no other command should.
  const { parse } = await import('@citation-js/plugin-bibtex/lib/input/file.js');
  const macros = new Map<string, string>();
  for await (const entry of bibtexEntriesOf(text)) {
    if (entry.kind === 'broken') yield { kind: 'bad', line: entry.line, ...FAULTS[entry.fault] };
    else if (entry.type === 'string') keepMacros(entry.body, macros, parse);
    else if (!WITHOUT_RECORD.has(entry.type)) {
      yield outcomeOf(entry.line, {}, () => paperFromEntry(entry, macros, parse));
    }
  }
}

function paperFromEntry(
  entry: BibtexEntry & { kind: 'entry' },
  macros: ReadonlyMap<string, string>,
  parse: Parse,
): PaperInput {
  if (VOLUMES.has(entry.type)) throw new FieldProblem('not_a_paper', 'a volume, not a paper');
  if (entry.type === 'xdata') throw new FieldProblem('not_a_paper', 'data for other entries, not a paper');
  const comma = entry.body.indexOf(',');
  const key = entry.body.slice(0, comma === -1 ? undefined : comma).trim();
  const hasKey = comma !== -1 && !/[={}"]/.test(key);
  const fields = hasKey ? entry.body.slice(comma + 1) : entry.body;
  const linesBefore = hasKey ? entry.body.slice(0, comma).split('\n').length - 1 : 0;
  try {
    const written = fieldsOf(fields, macros, parse);
    return paperFromCsl(itemOf(hasKey ? key : '', written));
  } catch (thrown) {
    if (!(thrown instanceof NotBibtex)) throw thrown;
    const line = entry.line + linesBefore + thrown.line - 1;
    throw new FieldProblem(
      'broken_record',
      `not BibTeX: something is missing or out of place${thrown.line > 0 ? ` in line ${line}` : ''}`,
    );
  }
}

/** A text that the parser refuses, and the line of it, from 1; 0 where it does not say. */
class NotBibtex extends Error {
  readonly line: number;

  constructor(cause: unknown) {
    super('not BibTeX', { cause });
    this.line = Number(/ at line (\d+) /.exec(messageOf(cause).slice(0, 500))?.[1] ?? 0);
  }
}

/** The fields of an entry, names in lower case, with macros put in. Throws NotBibtex. */
function fieldsOf(text: string, macros: ReadonlyMap<string, string>, parse: Parse): Map<string, string> {
  const used = new Set<string>();
  if (macros.size > 0)
    for (const [, name = ''] of text.matchAll(MACRO_USE)) {
      if (macros.has(name.toLowerCase())) used.add(name.toLowerCase());
    }
  // On the line of the entry, so that the parser counts lines as they are.
  const definitions = [...used].map((name) => `@string{${name}={${macros.get(name)}}}`).join('');
  try {
    const properties = parse(`${definitions}@misc{k,${text}}`)[0]?.properties ?? {};
    const values = Object.entries(properties).filter(([, value]) => /^(?:string|number)$/.test(typeof value));
    return new Map(values.map(([name, value]) => [name, String(value)]));
  } catch (thrown) {
    throw new NotBibtex(thrown);
  }
}

/** Takes the macros that an entry @string defines; one that cannot be read or is too long is none. */
function keepMacros(body: string, macros: Map<string, string>, parse: Parse): void {
  try {
    for (const [name, value] of fieldsOf(body.replaceAll(/\s+/g, ' '), macros, parse)) {
      if (macros.size >= MOST_MACROS || value.length > MOST_OF_A_MACRO) continue;
      // Quotes may hold a lone brace, and would break every entry that the macro is put into.
      fieldsOf(`${name}={${value}}`, new Map(), parse);
      macros.set(name, value);
    }
  } catch (thrown) {
    if (!(thrown instanceof NotBibtex)) throw thrown;
  }
}

/** An item of CSL-JSON: what citation-js makes of it loses abstracts with a lone dollar, and the names of commands. */
function itemOf(key: string, fields: ReadonlyMap<string, string>): Fields {
  const textOf = (...names: string[]) => {
    const written = names
      .map((name) => fields.get(name))
      .find((value) => value !== undefined && value !== '');
    return written === undefined ? undefined : plainLatex(written);
  };
  const subtitle = textOf('subtitle');
  const title = textOf('title');
  return {
    id: key,
    title: title !== undefined && subtitle !== undefined ? `${title}: ${subtitle}` : title,
    abstract: textOf('abstract'),
    author: authorsOfBibtex(fields.get('author') ?? ''),
    issued: { raw: dateOf(fields) },
    'container-title': textOf('journal', 'journaltitle', 'booktitle'),
    categories: categoriesOf(fields),
    URL: addressOf(fields.get('url') ?? ''),
    DOI: addressOf(fields.get('doi') ?? ''),
    number: arxivNumber(fields),
    note: fields.get('note'),
  };
}

/** The beginning of a span "2024-08-14/2024-08-16", or the day that year, month and day make, or the year. */
function dateOf(fields: ReadonlyMap<string, string>): string {
  const date = fields.get('date') ?? '';
  if (date !== '') return date.split('/')[0] ?? '';
  const year = plainLatex(fields.get('year') ?? '').trim();
  const month = plainLatex(fields.get('month') ?? '').trim();
  // A month's macro stands for its number: beside another number it is not told which of them is the day.
  const [, month1, day1, day2, month2] = DAY_IN_MONTH.exec(month) ?? [];
  const day = fields.get('day') ?? day1 ?? day2;
  const name = month1 ?? month2 ?? month;
  if (name === '' || day === undefined) return year;
  return /^\d+$/.test(name) ? `${year}-${name}-${day}` : `${day} ${name} ${year}`;
}

function categoriesOf(fields: ReadonlyMap<string, string>): string[] {
  const subject = fields.get('primaryclass') ?? fields.get('eprintclass') ?? '';
  const keywords = plainLatex(fields.get('keywords') ?? fields.get('keyword') ?? '').split(/[,;]/);
  return [plainLatex(subject), ...keywords];
}

/** Addresses and DOIs are verbatim, though many programs escape their signs as in text. */
function addressOf(written: string): string {
  return written
    .replaceAll(/\\textasciitilde\b|\\~/g, '~')
    .replaceAll(/\\url\b|[{}]/g, '')
    .replaceAll(/\\([_%#&$])/g, '$1')
    .trim();
}

function arxivNumber(fields: ReadonlyMap<string, string>): string | undefined {
  const eprint = fields.get('eprint');
  const archive = fields.get('archiveprefix') ?? fields.get('eprinttype') ?? 'arxiv';
  const id = eprint === undefined || !/arxiv/i.test(archive) ? undefined : parseArxivId(eprint);
  return id === undefined ? undefined : `arXiv:${id.base}`;
}
