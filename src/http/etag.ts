/** Entity tags: one string for everything that an answer depends on, known before any work is done; and what conditions say. */
import { hash } from 'node:crypto';

/** What answers to all requests of a route depend on. Plain values only: what JSON can say. */
export interface EtagParts {
  generation: string;
  /** Of the model that embeds the query. */
  fingerprint: string;
  rankingVersion: number;
  /** The settings that change answers. */
  settings: unknown;
  /** Pattern of the route. */
  route: string;
}

/** One string for the parts, which stay the same from request to request. */
export function digestOf(parts: EtagParts): string {
  return sha256(canonicalJson(parts));
}

/**
 * A strong entity tag (RFC 9110, 8.8.3), quotes included: SHA-256 of the parts' digest and the query as canonical JSON.
 * `query`: the request as it was understood, defaults filled in, ids of the path included. Throws a TypeError for what
 * is no JSON, which would otherwise be left out in silence.
 */
export function etagOf(digest: string, query: unknown): string {
  return `"${sha256(digest + canonicalJson(query))}"`;
}

/**
 * The strong tag of one paper: it changes with that paper's content, with what is shown of it and with the service's
 * version, and with nothing else of the corpus. `version`: of this content of this paper, base64url.
 */
export function paperTag(version: string, shown: { fields: readonly string[]; service: string }): string {
  return `"${version}.${sha256(canonicalJson(shown)).slice(0, SHOWN_LENGTH)}"`;
}

/** Characters of base64url: 132 bits, so that no two sets of fields share them. */
const SHOWN_LENGTH = 22;

/** The version of a paper in a tag of `paperTag`, whatever fields it was for; of any other tag, nothing a paper has. */
export function versionIn({ opaque }: Pick<EntityTag, 'opaque'>): string {
  return opaque.slice(1, -1).split('.', 1)[0] ?? '';
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}

/**
 * JSON with the keys of every object in the order of their UTF-16 units, those of undefined values left out; a comma
 * after each member.
 */
function canonicalJson(value: unknown): string {
  if (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    value === null
  ) {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (!isPlainObject(value)) throw new TypeError(`A tag cannot be made of ${String(value)}.`);
  let members = '';
  for (const name of Object.keys(value).sort()) {
    const member = value[name];
    if (member !== undefined) members += `${JSON.stringify(name)}:${canonicalJson(member)},`;
  }
  return `{${members}}`;
}

/** Not a Map or a Float32Array, whose entries JSON would not show. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whatever is longer is not read. */
const LONGEST_HEADER = 8192;
const SEPARATORS = /[ \t,]*/y;
/** An entity tag up to the comma after it. A tag may hold commas itself. Reads each character once. */
const ENTITY_TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)/y;

export interface EntityTag {
  /** With its quotes. */
  opaque: string;
  weak: boolean;
}

/**
 * The entity tags of a list, empty elements allowed (RFC 9110, 5.6.1 and 8.8.3); null for a header with anything else in
 * it, or of more than 8,192 characters.
 */
export function entityTags(header: string): EntityTag[] | null {
  if (header.length > LONGEST_HEADER) return null;
  const tags: EntityTag[] = [];
  let at = 0;
  for (;;) {
    SEPARATORS.lastIndex = at;
    at += SEPARATORS.exec(header)?.[0].length ?? 0;
    if (at === header.length) return tags;
    ENTITY_TAG.lastIndex = at;
    const [text = '', weak, opaque] = ENTITY_TAG.exec(header) ?? [];
    if (opaque === undefined) return null;
    tags.push({ opaque, weak: weak !== undefined });
    at += text.length;
  }
}

/** Whether a condition is the wildcard, which matches whatever exists. */
export function matchesAnything(condition: string | undefined): boolean {
  return condition?.trim() === '*';
}

/**
 * Whether If-None-Match holds this tag, or is `*` (RFC 9110, 13.1.2), compared weakly, which means without regard to
 * `W/`. A header that is no list of tags matches nothing: the answer is then sent once more, which is always right.
 */
export function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (matchesAnything(ifNoneMatch)) return true;
  const wanted = etag.replace(/^W\//, '');
  return entityTags(ifNoneMatch)?.some(({ opaque }) => opaque === wanted) ?? false;
}
