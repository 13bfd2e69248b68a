import { Parser } from 'htmlparser2';
import { SaxesParser } from 'saxes';
import { NearpaperError } from '../../errors.js';
import type { ReadOutcome } from '../paper.js';
import { TruncatedXml, type XmlPart, XmlSplitter } from './xml-splitter.js';

/** An element of a record. Names are local: prefixes and namespaces do not matter. */
export interface XmlElement {
  readonly name: string;
  /** 1-based, in the whole text, where its start tag ends. */
  readonly line: number;
  /** By their names as written. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: (XmlElement | string)[];
}

/** How a format holds its records in XML. */
export interface XmlFormat {
  /** The local names of the root elements that its documents have. */
  roots: readonly string[];
  /** The local names of its records, which do not nest. A record may be a whole document too. */
  records: readonly string[];
  toOutcomes: (record: XmlElement) => readonly ReadOutcome[];
}

/** More than markup in a title or MathML has; it bounds the recursion over an element. */
const MAX_DEPTH = 200;

/**
 * The records of one or several XML documents, one after the other in a text. A record that is not well-formed, is too
 * long or has no end is a bad one, and so is a document of another kind; reading goes on after it. Entities are those of
 * XML and HTML: what a DOCTYPE defines is not read. Throws NearpaperError `input_unreadable` where the text ends too early.
 */
export async function* readXmlRecords(
  text: AsyncIterable<string>,
  source: string,
  format: XmlFormat,
): AsyncGenerator<ReadOutcome, void, undefined> {
  const splitter = new XmlSplitter(format.records);
  const parser = new RecordParser();
  try {
    for await (const piece of text) {
      for (const part of splitter.push(piece)) {
        for (const outcome of outcomesOfPart(part, format, parser)) yield outcome;
      }
    }
    splitter.end();
  } catch (thrown) {
    if (!(thrown instanceof TruncatedXml)) throw thrown;
    throw new NearpaperError(
      'input_unreadable',
      `${source}, line ${thrown.line}: ${thrown.message}. Fetch or write the file again; what came before is read.`,
      { cause: thrown },
    );
  }
}

/** The local name of the first element of a text; undefined when it has none. Cheap, and never throws. */
export function rootOf(head: string): string | undefined {
  if (!/^\s*</.test(head)) return undefined;
  for (const part of new XmlSplitter([]).push(head)) if (part.kind === 'document') return part.root;
  return undefined;
}

/** The first child of that name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  for (const child of element?.content ?? []) {
    if (typeof child !== 'string' && child.name === name) return child;
  }
  return undefined;
}

/** The children of that name. */
export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  for (const child of element?.content ?? []) {
    if (typeof child !== 'string' && child.name === name) found.push(child);
  }
  return found;
}

/** All text in an element, of its descendants too; undefined for no element, or nothing but blanks. */
export function textOf(element: XmlElement | undefined): string | undefined {
  if (element === undefined) return undefined;
  const text = textIn(element).trim();
  return text === '' ? undefined : text;
}

/** The text of the first child of that name. */
export function childText(element: XmlElement | undefined, name: string): string | undefined {
  return textOf(childOf(element, name));
}

function textIn(element: XmlElement): string {
  let text = '';
  for (const part of element.content) text += typeof part === 'string' ? part : textIn(part);
  return text;
}

function outcomesOfPart(part: XmlPart, format: XmlFormat, parser: RecordParser): readonly ReadOutcome[] {
  const { line } = part;
  switch (part.kind) {
    case 'element': {
      const record = parser.parse(line, part.text);
      return typeof record === 'string' ? [broken(line, record)] : format.toOutcomes(record);
    }
    case 'incomplete':
      return [broken(line, part.reason)];
    case 'too-long':
      return [{ kind: 'bad', line, problem: 'too_long', reason: 'the record is longer than 8 MiB' }];
    case 'document': {
      if (format.roots.includes(part.root)) return [];
      const expected = format.roots.map((root) => `<${root}>`).join(' or ');
      return [broken(line, `a document of another kind begins: <${part.root}> instead of ${expected}`)];
    }
  }
}

function broken(line: number, reason: string): ReadOutcome {
  return { kind: 'bad', line, problem: 'broken_record', reason };
}

/** Why a record cannot be parsed; leaves the parser through its handlers. */
class NotWellFormed extends Error {}

const BARE_AMPERSAND = /&(?!#?[\w.-]{1,40};)/;

/** Namespaces would cost a walk over all open elements for each name; errors get their lines here. */
const SAXES_OPTIONS = { xmlns: false, position: false } as const;

/** Parses one record after the other. */
class RecordParser {
  #saxes: SaxesParser<typeof SAXES_OPTIONS> | null = null;
  #firstLine = 1;
  #unknownEntity = '';
  #open: XmlElement[] = [];
  #root: XmlElement | null = null;

  /** The element that a text is, beginning in that line; or the reason why it is none. */
  parse(line: number, text: string): XmlElement | string {
    this.#firstLine = line;
    this.#open = [];
    this.#root = null;
    this.#saxes ??= this.#newSaxes();
    try {
      this.#saxes.write(text).close();
      return this.#root ?? 'there is no element in it';
    } catch (thrown) {
      // It stands in the middle of the fault, and cannot be set back.
      this.#saxes = null;
      if (!(thrown instanceof NotWellFormed)) throw thrown;
      // The parser takes all up to the next semicolon for an entity, and tells of what is wrong there.
      const isLost = /unclosed tag|entity name/.test(thrown.message) && BARE_AMPERSAND.test(text);
      return isLost ? 'not well-formed XML: an "&" is not written as "&amp;"' : thrown.message;
    }
  }

  #newSaxes(): SaxesParser<typeof SAXES_OPTIONS> {
    const saxes = new SaxesParser(SAXES_OPTIONS);
    const fail = (what: string) => {
      throw new NotWellFormed(`not well-formed XML: ${what} in line ${this.#firstLine + saxes.line - 1}`);
    };
    const entities = new Proxy<Record<string, string>>(
      {},
      {
        get: (_, name) => {
          this.#unknownEntity = String(name);
          return htmlEntity(String(name));
        },
      },
    );
    saxes.ENTITIES = entities;
    // It forgets its entities with every text that it ends.
    saxes.on('ready', () => {
      saxes.ENTITIES = entities;
    });
    saxes.on('error', ({ message }) => {
      const what = message.replace(/\.$/, '');
      fail(what === 'undefined entity' ? `the unknown entity &${this.#unknownEntity.slice(0, 40)};` : what);
    });
    saxes.on('opentag', ({ name, attributes }) => {
      if (this.#open.length === MAX_DEPTH) fail(`elements are nested deeper than ${MAX_DEPTH}`);
      const element: XmlElement = {
        name: name.slice(name.indexOf(':') + 1),
        line: this.#firstLine + saxes.line - 1,
        attributes,
        content: [],
      };
      this.#open.at(-1)?.content.push(element);
      this.#root ??= element;
      this.#open.push(element);
    });
    saxes.on('closetag', () => {
      this.#open.pop();
    });
    const keep = (text: string) => {
      this.#open.at(-1)?.content.push(text);
    };
    saxes.on('text', keep);
    saxes.on('cdata', keep);
    return saxes;
  }
}

const knownEntities = new Map<string, string>();

/** What HTML means by an entity, such as "eacute": people write them in XML by mistake. */
function htmlEntity(name: string): string | undefined {
  const known = knownEntities.get(name);
  if (known !== undefined) return known;
  let text = '';
  const parser = new Parser({
    ontext: (part) => {
      text += part;
    },
  });
  parser.end(`&${name};`);
  // An unknown name comes back, with its semicolon; no known one stands for more than two code units.
  if (text.length > 2) return undefined;
  knownEntities.set(name, text);
  return text;
}
