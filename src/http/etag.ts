/** Entity tags: one string for everything that an answer depends on, known before any work is done. */
import { createHash } from 'node:crypto';

/** All that decides the bytes of an answer. Plain values only: what JSON can say. */
export interface EtagParts {
  generation: string;
  /** Of the model that embeds the query. */
  fingerprint: string;
  rankingVersion: number;
  /** The settings that change answers. */
  settings: unknown;
  /** Pattern of the route. */
  route: string;
  /** The request as it was understood: defaults filled in, ids of the path included. */
  query: unknown;
}

/**
 * A strong entity tag (RFC 9110, 8.8.3), quotes included: SHA-256 of the parts as canonical JSON.
 * Throws a TypeError for a part that is no JSON, which would otherwise be left out in silence.
 */
export function etagOf(parts: EtagParts): string {
  return `"${createHash('sha256').update(canonicalJson(parts)).digest('base64url')}"`;
}

/** JSON with the keys of every object in the order of their UTF-16 units, those of undefined values left out. */
function canonicalJson(value: unknown): string {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (!isPlainObject(value)) throw new TypeError(`A tag cannot be made of ${String(value)}.`);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join()}}`;
}

/** Not a Map or a Float32Array, whose entries JSON would not show. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whatever is longer counts as no match: the answer is then sent once more, which is always right. */
const LONGEST_HEADER = 8192;
const SEPARATORS = /[ \t,]*/y;
/** An entity tag up to the comma after it. A tag may hold commas itself. Reads each character once. */
const ENTITY_TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)/y;

/** Whether If-None-Match is the wildcard, which matches whatever exists. */
export function matchesAnything(ifNoneMatch: string | undefined): boolean {
  return ifNoneMatch?.trim() === '*';
}

/**
 * Whether If-None-Match holds this tag, or is `*` (RFC 9110, 13.1.2): a list, empty elements allowed, compared
 * weakly, which means without regard to `W/`. A header with anything else in it matches nothing.
 */
export function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined || ifNoneMatch.length > LONGEST_HEADER) return false;
  if (matchesAnything(ifNoneMatch)) return true;
  const wanted = etag.replace(/^W\//, '');
  let found = false;
  let at = 0;
  for (;;) {
    SEPARATORS.lastIndex = at;
    at += SEPARATORS.exec(ifNoneMatch)?.[0].length ?? 0;
    if (at === ifNoneMatch.length) return found;
    ENTITY_TAG.lastIndex = at;
    const [text = '', opaque] = ENTITY_TAG.exec(ifNoneMatch) ?? [];
    if (opaque === undefined) return false;
    found ||= opaque === wanted;
    at += text.length;
  }
}
