/** Ids of papers: the forms under which people know one paper, and readable ids for papers without any. */

export interface ArxivId {
  /** Lower case, without prefix, subject class and version: `2401.01335`, `cs/0112017`, `math/0309136`. */
  base: string;
  /** Null when the id names no version. */
  version: number | null;
}

/** Old ids are numbered by archive: math.GT/0309136 and math/0309136 are one paper. */
const ARXIV_BARE = /^(?:(\d{4}\.\d{4,5})|([a-z-]+)(?:\.[a-z]{2})?\/(\d{7}))(?:v([1-9]\d{0,3}))?$/;
const ARXIV_PREFIXES = [
  /^arxiv:\s*/,
  /^(?:https?:\/\/)?(?:www\.|export\.)?arxiv\.org\/(?:abs|pdf|html)\//,
  /^(?:doi:\s*|(?:https?:\/\/)?(?:dx\.|www\.)?doi\.org\/)?10\.48550\/arxiv\./,
];
const DOI = /^(?:doi:\s*|(?:https?:\/\/)?(?:dx\.|www\.)?doi\.org\/)?(10\.\d{4,9}\/\S+)$/;

/** The arXiv id that `text` spells in any of the usual ways, or undefined. */
export function parseArxivId(text: string): ArxivId | undefined {
  let rest = text.trim().toLowerCase();
  for (const prefix of ARXIV_PREFIXES) {
    const stripped = rest.replace(prefix, '');
    if (stripped !== rest) {
      rest = stripped.replace(/[?#].*$/, '').replace(/\.pdf$|\/$/, '');
      break;
    }
  }
  const match = ARXIV_BARE.exec(rest);
  if (match === null) return undefined;
  const [, number, archive, oldNumber, version] = match;
  return {
    base: number ?? `${archive}/${oldNumber}`,
    version: version === undefined ? null : Number(version),
  };
}

/**
 * The key under which an id, in whatever spelling, is looked up when no paper has exactly that id:
 * `arxiv:2401.01335` or `doi:10.1000/182`; undefined when it is neither.
 */
export function aliasKey(text: string): string | undefined {
  const arxiv = parseArxivId(text);
  if (arxiv) return `arxiv:${arxiv.base}`;
  const doi = DOI.exec(text.trim().toLowerCase());
  return doi?.[1] === undefined ? undefined : `doi:${doi[1]}`;
}

/** Every alias key of a paper: from its id, its DOI and its URL. No key twice. */
export function aliasKeys(paper: { id: string; doi: string | null; url: string | null }): string[] {
  const keys = new Set<string>();
  for (const text of [paper.id, paper.doi, paper.url]) {
    const key = text === null ? undefined : aliasKey(text);
    if (key !== undefined) keys.add(key);
  }
  return [...keys];
}

/** How long a made id may get before it is cut at a word. */
const SLUG_LENGTH = 80;

/**
 * A readable id from a title: letters and digits of any script in lower case, joined by hyphens, without
 * accents, cut at a word. Empty when the title has no letter or digit. Only the combining marks of European
 * scripts go: elsewhere marks are the vowels of a word, or tell one syllable from another.
 */
export function slugOf(title: string): string {
  const words = title
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]+/g, '')
    .toLowerCase()
    .replace(/['’]/g, '')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  let slug = '';
  for (const word of words) {
    const longer = slug === '' ? [...word].slice(0, SLUG_LENGTH).join('') : `${slug}-${word}`;
    if (longer.length > SLUG_LENGTH && slug !== '') break;
    slug = longer;
  }
  return slug.normalize('NFC');
}
