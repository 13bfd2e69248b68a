/** What the columns of a table are: fields by their names, or by the names that programs give them. */
import { parseDate, yearInText } from './dates.js';
import { authorsOfText, categoriesWithinBounds, FIELD_NAMES, type Fields } from './record-fields.js';

type FieldName = (typeof FIELD_NAMES)[number];

/** Of the exports of Zotero, Scopus, Web of Science and others. A column that is named as the field goes before them. */
const OTHER_NAMES: Readonly<Record<string, FieldName>> = {
  key: 'id',
  author: 'authors',
  'abstract note': 'abstract',
  'publication year': 'year',
  date: 'published',
  'publication date': 'published',
  journal: 'venue',
  'publication title': 'venue',
  'source title': 'venue',
  'journal title': 'venue',
  'manual tags': 'categories',
  'author keywords': 'categories',
  keywords: 'categories',
  link: 'url',
};

export interface Column {
  /** Null where no paper takes anything from it. */
  field: FieldName | null;
  /** Whether the field is meant by another name, and its values are written as programs write them. */
  isOther: boolean;
}

const NO_COLUMN: Column = { field: null, isOther: false };

/** The columns of a header; of several for one field only the first counts. Names in lower case. */
export function columnsOf(names: readonly string[]): Column[] {
  const taken = new Set<FieldName>();
  const take = (field: FieldName | undefined): FieldName | null => {
    if (field === undefined || taken.has(field)) return null;
    taken.add(field);
    return field;
  };
  const own = names.map((name) => take(FIELD_NAMES.find((field) => field === name)));
  return own.map((field, at) => {
    if (field !== null) return { field, isOther: false };
    const name = names[at] ?? '';
    return { field: Object.hasOwn(OTHER_NAMES, name) ? take(OTHER_NAMES[name]) : null, isOther: true };
  });
}

/** The fields of a row; an empty cell is an absent field. */
export function fieldsOfRow(columns: readonly Column[], cells: readonly string[]): Fields {
  const fields: Record<string, unknown> = {};
  for (const [at, cell] of cells.entries()) {
    const { field, isOther } = columns[at] ?? NO_COLUMN;
    if (field === null || cell === '') continue;
    if (!isOther) fields[field] = cell;
    else if (field === 'published') takeDate(fields, cell);
    else fields[field] = convertedCell(field, cell);
  }
  return fields;
}

/** A day, or what year can be found: programs write "March 2019" and "2019/3" too. */
function takeDate(fields: Record<string, unknown>, cell: string): void {
  if (parseDate(cell.trim()) !== null) fields.published = cell.trim();
  else fields.year ??= yearInText(cell);
}

function convertedCell(field: FieldName, cell: string): unknown {
  if (field === 'authors') return authorsOfCell(cell);
  if (field === 'year') return yearInText(cell);
  if (field === 'categories') return categoriesWithinBounds(cell.split(/[;,]/));
  return cell;
}

/** "Last, First; Last, First", or one such name; else as in a column of authors. */
function authorsOfCell(cell: string): string[] {
  const isOneName = /^[^\s,;]+,[^,;]+$/.test(cell.trim());
  const names = isOneName ? [cell] : authorsOfText(cell);
  return names.map((name) => {
    const [last = '', first = '', ...more] = name.split(',').map((part) => part.trim());
    return first === '' || more.length > 0 ? name.trim() : `${first} ${last}`;
  });
}
