import { Tokenizer } from 'htmlparser2';
import { MarkupFold } from './markup-fold.js';
import { isMarkupName, UNCLOSED } from './markup-names.js';

/** Texts are escaped up to twice where records pass through several hands, and hold tags below that. */
const MOST_PASSES = 3;

/** An entity that is written out; "AT&T" and "?a=1&copy=2" are none. */
const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/i;
const NO_ENTITY = new RegExp(`&(?!${ENTITY.source.slice(1)})`, 'gi');

/** A whole tag, its attributes with values. No part of it matches a "<", so that no text is walked twice. */
const ATTRIBUTE = /\s+[a-z_:][\w:.-]*\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+)/i.source;
const TAG = `<(\\/?)((?:jats|mml|m|math|ns\\d):)?([a-z][a-z\\d-]{0,30})(?:${ATTRIBUTE})*\\s*(\\/?)>`;
const TAGS = new RegExp(TAG, 'gi');
const TAGS_AND_MARKS = new RegExp(`${TAG}|<(!--|!\\[CDATA\\[|\\?xml\\s)?`, 'gi');

/** What is no tag and yet markup, and what ends it. */
const MARK = /<(?:!--|!\[CDATA\[|\?xml\s)/i;
const MARK_ENDS: Readonly<Record<string, string>> = { '!--': '-->', '![cdata[': ']]>', '?xml': '?>' };

/**
 * Text with HTML, JATS or MathML tags and entities in it as people read it, on one line; a text without any comes
 * back as it is. Superscripts of digits and signs become Unicode's, formulas are written in TeX where the markup
 * has it and in line otherwise, and a heading "Abstract" goes. Only elements that are known, and that are closed,
 * are markup. The work is linear in the length of the text. Never throws.
 */
export function plainMarkup(text: string): string {
  let plain = text;
  for (let pass = 1; pass <= MOST_PASSES && (plain.includes('<') || plain.includes('&')); pass += 1) {
    const next = withoutMarkup(plain, pass === 1);
    if (next === null) break;
    plain = next;
  }
  return plain;
}

/** One layer of markup taken off; null where there is none. */
function withoutMarkup(text: string, isOuter: boolean): string | null {
  const guarded = text.includes('<') ? withTagsAlone(text, isOuter) : { text, hasTags: false };
  if (!guarded.hasTags && !ENTITY.test(text)) return null;
  const fold = new MarkupFold();
  parseMarkup(guarded.text.replaceAll(NO_ENTITY, '&amp;'), fold);
  return fold.end().replaceAll(/\s+/g, ' ').trim();
}

/** The text with "&lt;" for each "<" that begins no tag, since a parser of HTML takes "a<b and c>d" for one. */
function withTagsAlone(text: string, isOuter: boolean): { text: string; hasTags: boolean } {
  const isTag = tagsOf(text, isOuter);
  if (isTag === null && !MARK.test(text)) return { text: text.replaceAll('<', '&lt;'), hasTags: false };
  const lastEnds = new Map(Object.entries(MARK_ENDS).map(([mark, end]) => [mark, text.lastIndexOf(end)]));
  let hasTags = false;
  const alone = text.replaceAll(
    TAGS_AND_MARKS,
    (
      whole: string,
      _closing: string | undefined,
      prefix: string | undefined,
      name: string | undefined,
      self: string | undefined,
      mark: string | undefined,
      at: number,
    ) => {
      const isMarkup =
        name === undefined
          ? (lastEnds.get((mark ?? '').trim().toLowerCase()) ?? -1) > at
          : (isTag?.({ prefix, name, isClosed: (self ?? '') !== '' }) ?? false);
      hasTags ||= isMarkup;
      return isMarkup ? whole : `&lt;${whole.slice(1)}`;
    },
  );
  return { text: alone, hasTags };
}

interface Tag {
  prefix: string | undefined;
  name: string;
  isClosed: boolean;
}

/** Tells the tags of a text: of known names, opened and closed in it if they have to be. Null where there is none. */
function tagsOf(text: string, isOuter: boolean): ((tag: Tag) => boolean) | null {
  const opened = new Set<string>();
  const closed = new Set<string>();
  for (const [, closing, , name = ''] of text.matchAll(TAGS)) {
    (closing === '/' ? closed : opened).add(name.toLowerCase());
  }
  if (opened.size + closed.size === 0) return null;
  return ({ prefix, name, isClosed }) => {
    const lower = name.toLowerCase();
    // A script that was escaped is what the text is about.
    if (!isOuter && (lower === 'script' || lower === 'style')) return false;
    if (prefix !== undefined) return true;
    if (!isMarkupName(lower)) return false;
    return isClosed || UNCLOSED.has(lower) || (opened.has(lower) && closed.has(lower));
  };
}

/**
 * Hands the tags and texts of markup to the fold. The tokenizer alone is used: the parser above it
 * takes time quadratic in the depth of nesting.
 */
function parseMarkup(text: string, fold: MarkupFold): void {
  let name = '';
  let attribute = '';
  let encoding = '';
  const tokenizer = new Tokenizer(
    {},
    {
      ontext: (start, end) => fold.text(text.slice(start, end)),
      ontextentity: (codePoint) => fold.text(String.fromCodePoint(codePoint)),
      oncdata: (start, end, offset) => fold.text(text.slice(start, end - offset)),
      onopentagname: (start, end) => {
        name = localName(text.slice(start, end));
        encoding = '';
      },
      onattribname: (start, end) => {
        attribute = text.slice(start, end).toLowerCase();
      },
      onattribdata: (start, end) => {
        if (attribute === 'encoding') encoding += text.slice(start, end);
      },
      onopentagend: () => fold.open(name, encoding),
      onselfclosingtag: () => {
        fold.open(name, encoding);
        fold.close(name);
      },
      onclosetag: (start, end) => fold.close(localName(text.slice(start, end))),
      onattribend: () => {},
      onattribentity: () => {},
      oncomment: () => {},
      ondeclaration: () => {},
      onprocessinginstruction: () => {},
      onend: () => {},
    },
  );
  tokenizer.write(text);
  tokenizer.end();
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1).toLowerCase();
}
