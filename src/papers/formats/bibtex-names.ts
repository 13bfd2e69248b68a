/** Names and lists as BibTeX writes them: what stands in braces is one piece. */
import { plainLatex } from './latex-text.js';
import type { Fields } from './record-fields.js';

/**
 * Authors as CSL-JSON has them from "Last, First and von Last, Jr, First and {Corporate Name}", or from biblatex's
 * "family=Last, given=First". The "others" of a list that is cut short are none.
 */
export function authorsOfBibtex(text: string): Fields[] {
  const names = outsideBraces(text.replaceAll(/\s+/g, ' '), / and(?= )/i);
  return names
    .map((name) => name.trim())
    .filter((name) => name !== '' && name.toLowerCase() !== 'others')
    .map(nameOf);
}

function nameOf(name: string): Fields {
  const parts = outsideBraces(name, /,/).map((part) => plainLatex(part).trim());
  const named = parts.map((part) => /^(family|given|prefix|suffix)=(.*)$/.exec(part.replaceAll('"', '')));
  if (named.some((match) => match?.[1] === 'family')) {
    const of = Object.fromEntries(named.map((match) => [match?.[1] ?? '', match?.[2]?.trim()]));
    return { family: of.family, given: of.given, suffix: of.suffix, 'non-dropping-particle': of.prefix };
  }
  const [family = '', ...rest] = parts;
  if (rest.length === 0) return { literal: family };
  const given = rest.at(-1);
  return { family, given, suffix: rest.slice(0, -1).join(' ') };
}

/** The pieces of a text between separators that stand in no braces. */
function outsideBraces(text: string, separator: RegExp): string[] {
  const pieces: string[] = [];
  let start = 0;
  let depth = 0;
  for (const { 0: sign, index } of text.matchAll(new RegExp(`\\\\.|[{}]|${separator.source}`, 'gis'))) {
    if (sign === '{') depth += 1;
    else if (sign === '}') depth = Math.max(0, depth - 1);
    else if (depth === 0 && !sign.startsWith('\\')) {
      pieces.push(text.slice(start, index));
      start = index + sign.length;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}
