import type { ModelDescription } from './description.js';

/** Models may want a different prefix for what is searched and what is searched for. */
export type TextRole = 'document' | 'query';

/**
 * Characters (UTF-16 units) read for each token of the window. The tokenizer reads a whole text before
 * cutting it (500 kB of words take 370 ms, of CJK 920 ms), so the text is cut first. English abstracts have
 * about 5 characters a token and no natural language reaches 20, so the window is still filled.
 */
const CHARACTERS_PER_TOKEN = 20;

export interface ModelInput {
  text: string;
  /** True when characters were cut off: the text then counts as longer than the window. */
  cut: boolean;
}

/** What the tokenizer is given for a text: trimmed, with the role's prefix, bounded in characters. */
export function modelInput(
  text: string,
  role: TextRole,
  model: Pick<ModelDescription, 'documentPrefix' | 'queryPrefix' | 'window'>,
): ModelInput {
  const trimmed = text.trim();
  const prefixed = prefixFor(trimmed, role, model) + trimmed;
  const limit = model.window * CHARACTERS_PER_TOKEN;
  if (prefixed.length <= limit) return { text: prefixed, cut: false };
  return { text: prefixed.slice(0, endOfCharacter(prefixed, limit)), cut: true };
}

function prefixFor(
  trimmed: string,
  role: TextRole,
  model: Pick<ModelDescription, 'documentPrefix' | 'queryPrefix'>,
): string {
  if (role === 'document') return model.documentPrefix;
  const { text, upToCharacters } = model.queryPrefix;
  return upToCharacters === null || trimmed.length <= upToCharacters ? text : '';
}

/** `end`, or one less where it would part a surrogate pair and leave half a character. */
function endOfCharacter(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
