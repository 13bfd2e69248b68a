/**
 * Raise when `documentText` or the making of papers' vectors changes: it is part of the fingerprint, so stored
 * embeddings of the old kind are then made anew instead of being compared with new ones.
 */
export const TEMPLATE_VERSION = 2;

/** A title that already ends its sentence, possibly within closing quotes or brackets. */
const ENDS_SENTENCE = /[.?!…。？！]["'”’»)\]]*$/u;

/**
 * The text that stands for a paper: title and abstract as one passage, "title. abstract". The full stop is
 * left out where the title ends in one (or in ? or !); without an abstract the title stands alone.
 */
export function documentText(title: string, abstract: string): string {
  const head = title.trim();
  const body = abstract.trim();
  if (body === '') return head;
  if (head === '') return body;
  return ENDS_SENTENCE.test(head) ? `${head} ${body}` : `${head}. ${body}`;
}
