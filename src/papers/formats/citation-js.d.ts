/** The parts of citation-js that are used: its parsers of the two syntaxes. Its core, which can fetch, is loaded by them and never called. */

declare module '@citation-js/plugin-bibtex/lib/input/file.js' {
  /** The entries of a BibTeX text with their fields as they are written; throws at what is not BibTeX. */
  export function parse(text: string): { type: string; label: string; properties: Record<string, unknown> }[];
}

declare module '@citation-js/plugin-ris/lib/ris.js' {
  /** The records of a RIS text by tag; a tag that is repeated has its values in an array. */
  export function parse(text: string): Record<string, string | string[]>[];
}
