/** How much of anything a paper may have. Lengths are in characters (Unicode code points). */
export const MAX_ID_LENGTH = 256;
export const MAX_TITLE_LENGTH = 2_000;
export const MAX_ABSTRACT_LENGTH = 100_000;
export const MAX_VENUE_LENGTH = 1_000;
export const MAX_DOI_LENGTH = 500;
export const MAX_URL_LENGTH = 2_000;
/** A weekday, a time and a time zone may stand beside the day. */
export const MAX_DATE_LENGTH = 100;

/** How many entries a list may have, how long each of them may be, and all of them together. */
export interface ListBounds {
  count: number;
  each: number;
  together: number;
}

/** The largest collaborations of physics have 5,154 authors, whose names take some 100,000 characters. */
export const AUTHOR_BOUNDS: ListBounds = { count: 10_000, each: 500, together: 200_000 };
export const CATEGORY_BOUNDS: ListBounds = { count: 200, each: 500, together: 20_000 };

/** What is wrong with a text of more than `most` characters. */
export function tooLong(most: number): string {
  return `it is longer than ${most.toLocaleString('en')} characters`;
}
