import { MAX_DEPTH, OpenBrackets } from './json-brackets.js';
import { BrokenJsonArray, JsonElementSplitter } from './json-elements.js';
import { firstLines } from './lines.js';
import { isJsonObject } from './parse-json.js';
import { isPrettyPrinted } from './pretty-json.js';
import { type Fields, isFieldName } from './record-fields.js';

/** How a JSON text holds its records: in an array (its own or that of pages), or apart, a line or several each. */
export type JsonShape = 'array' | 'objects' | 'lines';

export type IsRecord = (value: Record<string, unknown>) => boolean;

/** How many records of a head are looked at, so that a bad first one does not hide the format. */
const RECORDS_LOOKED_AT = 20;

/** How much is looked at of a value that is longer than a line, in UTF-16 code units. */
const LENGTH_LOOKED_AT = 256 * 1024;

/** A string without an end is taken to the end, since it would be walked again from each of its quotes on. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|[{}[\],]/gs;

/**
 * Whether a JSON text that begins like this holds such records in any of the ways that `readJsonRecords` reads. Cheap, and
 * never throws. Where nothing of the head can be parsed, `telling` looks for a record in its text.
 */
export function holdsRecords(head: string, isRecord: IsRecord, telling: RegExp): boolean {
  if (!/^\s*[[{]/.test(head)) return false;
  return judge(head, isRecord).holdsRecords ?? telling.test(head);
}

export function shapeOf(head: string, isRecord: IsRecord): JsonShape {
  return judge(head, isRecord).shape;
}

interface Judgement {
  shape: JsonShape;
  /** undefined where nothing could be parsed. */
  holdsRecords: boolean | undefined;
}

function judge(head: string, isRecord: IsRecord): Judgement {
  if (isArray(head)) {
    const whole = elementsIn(head);
    const elements = whole.length > 0 ? whole : objectsOf(firstValue(head));
    return { shape: 'array', holdsRecords: elements.length === 0 ? undefined : elements.some(isRecord) };
  }
  const apart = isPrettyPrinted(head) ? 'objects' : 'lines';
  const objects = apart === 'lines' ? objectsALine(head) : [];
  for (const object of objects) {
    if (isRecord(object)) return { shape: apart, holdsRecords: true };
    // Of several objects, each with a title, none is a page.
    if (!('title' in object) && recordsOfPage(object).some(isRecord)) {
      return { shape: 'array', holdsRecords: true };
    }
  }
  const first = firstValue(head);
  if (!isJsonObject(first)) return { shape: apart, holdsRecords: objects.length === 0 ? undefined : false };
  if (isRecord(first)) return { shape: apart, holdsRecords: true };
  const isPage = !(objects.length > 1 ? 'title' in first : isPaper(first)) && hasArray(first);
  if (isPage && [...recordsOfPage(first), ...elementsIn(head)].some(isRecord)) {
    return { shape: 'array', holdsRecords: true };
  }
  return { shape: isPage && hasOnlyEmptyArrays(first) ? 'array' : apart, holdsRecords: false };
}

function isArray(head: string): boolean {
  return /^\s*\[/.test(head);
}

/** The objects of the first lines, where the first two are an object each, one of which may be broken. */
function objectsALine(head: string): Fields[] {
  const lines = firstLines(head, RECORDS_LOOKED_AT);
  const [first = '', second = ''] = lines;
  if (!first.startsWith('{') || !first.endsWith('}') || !second.startsWith('{')) return [];
  return lines.flatMap((line) => {
    const value = parsed(line);
    return isJsonObject(value) ? [value] : [];
  });
}

/** Whether an object is a paper: a page may have a title of its own, but hardly more of a paper's fields. */
export function isPaper(value: Fields): boolean {
  return 'title' in value && Object.keys(value).filter(isFieldName).length > 1;
}

function arraysOf(value: Fields): unknown[][] {
  return Object.values(value).filter(Array.isArray);
}

function hasArray(value: Fields): boolean {
  return arraysOf(value).length > 0;
}

/** Whether it has arrays, and nothing in them. */
export function hasOnlyEmptyArrays(value: Fields): boolean {
  return hasArray(value) && arraysOf(value).every((array) => array.length === 0);
}

/** The objects in the first array of objects directly in a value, as JsonElementSplitter finds it. */
function recordsOfPage(value: Fields): Fields[] {
  return objectsOf(arraysOf(value).find((array) => array.some(isJsonObject)));
}

function objectsOf(array: unknown): Fields[] {
  return Array.isArray(array) ? array.filter(isJsonObject).slice(0, RECORDS_LOOKED_AT) : [];
}

/**
 * The first outermost value of a text; as much of it as there is where the text breaks off in it, or what comes before its
 * first array where it is broken. undefined where there is nothing of it.
 */
export function firstValue(head: string): unknown {
  const brackets = new OpenBrackets();
  let completeTo = 0;
  let firstArrayAt: number | null = null;
  for (const { 0: mark, index } of head.slice(0, LENGTH_LOOKED_AT).matchAll(TOKENS)) {
    if (mark === ',') completeTo = index;
    else if (mark === '{' || mark === '[') {
      if (mark === '[' && brackets.depth === 1) firstArrayAt ??= index;
      brackets.open(mark);
      if (brackets.depth > MAX_DEPTH) break;
      completeTo = index + 1;
    } else if (mark === '}' || mark === ']') {
      if (!brackets.close(mark)) break;
      completeTo = index + 1;
      if (brackets.depth === 0) break;
    }
  }
  if (completeTo === 0) return undefined;
  const value = parsed(head.slice(0, completeTo) + brackets.closing());
  return value === undefined && firstArrayAt !== null ? parsed(`${head.slice(0, firstArrayAt)}[]}`) : value;
}

/** The first objects in the array of such a text, whole in its head. */
export function elementsIn(head: string): Fields[] {
  const found: Fields[] = [];
  const splitter = new JsonElementSplitter();
  try {
    for (const { text } of splitter.push(head)) {
      const value = text === null ? undefined : parsed(text);
      if (isJsonObject(value)) found.push(value);
      if (found.length >= RECORDS_LOOKED_AT) break;
    }
  } catch (thrown) {
    if (!(thrown instanceof BrokenJsonArray)) throw thrown;
  }
  return found;
}

/** Where it is not asked what is wrong with a text: to tell that takes many times as long. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
