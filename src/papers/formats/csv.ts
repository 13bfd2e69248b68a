import { NearpaperError } from '../../errors.js';
import type { ReadOutcome } from '../paper.js';
import { type Column, columnsOf, fieldsOfRow } from './csv-columns.js';
import { type CsvRow, csvRowsOf } from './csv-rows.js';
import type { PaperReader, ReadContext } from './format.js';
import { firstLines } from './lines.js';
import { isFieldName, outcomeOf, paperFromFields } from './record-fields.js';

const DELIMITERS = [',', '\t', ';', '|'];

/**
 * A table with a header line: CSV, or with tabs, semicolons or bars between the cells. Columns are named as
 * the fields of PaperInput, in any case, or as programs name them (csv-columns.ts); other columns are only told of.
 */
export const csv: PaperReader = {
  name: 'csv',
  // A header without a title is one too when it names other fields: reading it says what is missing.
  looksLike: (head) => namesFields(headerCells(head, delimiterOf(head))),
  read: readCsv,
};

async function* readCsv(
  text: AsyncIterable<string>,
  context: ReadContext,
): AsyncGenerator<ReadOutcome, void, undefined> {
  let columns: Column[] | null = null;
  for await (const row of csvRowsOf(text, delimiterOf(context.head))) {
    if (columns === null) {
      const header = columnsOf(namesOf(row, context.source));
      columns = header;
      if (row.kind === 'row')
        context.unused.addColumns(row.cells.filter((_, at) => header[at]?.field === null));
    } else yield outcomeOfRow(row, columns);
  }
}

function namesOf(header: CsvRow, source: string): string[] {
  const columns = header.kind === 'row' ? header.cells.map(columnName) : [];
  if (namesTitle(columns)) return columns;
  throw new NearpaperError(
    'input_unreadable',
    `${source}, line ${header.line}: the header has no column "title"` +
      `${columns.length > 0 ? ` (its columns are: ${columns.join(', ').slice(0, 200)})` : ''}. ` +
      'Put the names of the columns in the first line, "title" among them.',
  );
}

function outcomeOfRow(row: CsvRow, columns: readonly Column[]): ReadOutcome {
  const { line } = row;
  if (row.kind === 'broken') {
    const lost = row.lastLine > line ? `; lines ${line} to ${row.lastLine} are lost with it` : '';
    const fault = row.fault === 'too-long' ? 'the row is longer than 8 MiB' : 'a quoted cell is never closed';
    const problem = row.fault === 'too-long' ? 'too_long' : 'broken_record';
    return { kind: 'bad', line, problem, reason: `${fault}${lost}` };
  }
  if (row.cells.length !== columns.length) {
    const reason = `the row has ${row.cells.length} columns, the header ${columns.length}`;
    return { kind: 'bad', line, problem: 'broken_record', reason };
  }
  return outcomeOf(line, fieldsOfRow(columns, row.cells), paperFromFields);
}

/** The delimiter that finds a title column, or else other fields, and the most columns in the header line. */
function delimiterOf(head: string): string {
  const found = DELIMITERS.map((delimiter) => ({ delimiter, cells: headerCells(head, delimiter) }));
  const telling = [namesTitle, namesFields].map((names) => found.filter(({ cells }) => names(cells)));
  const candidates = telling.find(({ length }) => length > 0) ?? found;
  return candidates.reduce((best, next) => (next.cells.length > best.cells.length ? next : best)).delimiter;
}

/** Whether a text begins with a header that leaves no doubt: it names the title and another field. */
export function isTable(head: string): boolean {
  const cells = headerCells(head, delimiterOf(head));
  return namesTitle(cells) && cells.some((cell) => cell !== 'title' && isFieldName(cell));
}

/** The header's names, near enough to tell what they are: a quoted name may itself hold a delimiter. */
function headerCells(head: string, delimiter: string): string[] {
  const [header = ''] = firstLines(head, 1);
  // Lines may end in CR alone.
  return (header.split('\r', 1)[0] ?? '')
    .split(delimiter)
    .map((cell) => columnName(cell.replaceAll('"', '')));
}

function columnName(cell: string): string {
  return cell.trim().toLowerCase();
}

/** Whether these cells are a header's: the title's among them, or another field's and not alone. */
function namesFields(cells: string[]): boolean {
  return namesTitle(cells) || (cells.length > 1 && cells.some(isFieldName));
}

function namesTitle(columns: string[]): boolean {
  return columns.includes('title');
}
