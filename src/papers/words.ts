/** Comparing names as people type them: without case, accents and punctuation. */
import { fold } from '../text-folding.js';

/** The words of `text`: letters and digits of any script in lower case, without accents; `O'Neil` is one word. */
export function wordsOf(text: string): string[] {
  return (
    fold(text)
      .replace(/['’]/g, '')
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}

/** ` word word `: words that stand together in a text are a part of its spelling. Empty without a word. */
export function spelled(words: readonly string[]): string {
  return words.length === 0 ? '' : ` ${words.join(' ')} `;
}

/** Whether `word` is a single letter, which stands for any word that begins with it. */
export function isInitial(word: string): boolean {
  return word.length === 1 || (word.length === 2 && (word.codePointAt(0) ?? 0) > 0xffff);
}

/**
 * Whether each of the words `asked` has a word of its own among `held`, in any order: itself, or for an initial any
 * word that begins with it. False when nothing is asked.
 */
export function namesAgree(asked: readonly string[], held: readonly string[]): boolean {
  const rest = [...held];
  // Whole words first: what is left then serves any initial alike, so the first word that fits is as good as another.
  const inOrder = [...asked.filter((word) => !isInitial(word)), ...asked.filter(isInitial)];
  return (
    inOrder.length > 0 &&
    inOrder.every((word) => {
      const at = rest.findIndex((one) => one === word || (isInitial(word) && one.startsWith(word)));
      if (at >= 0) rest.splice(at, 1);
      return at >= 0;
    })
  );
}
