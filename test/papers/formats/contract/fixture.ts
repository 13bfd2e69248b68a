/** What a reader supplies to the contract suite: two papers with text beyond ASCII, and a bad record between them. */
export interface Fixture {
  text: string;
  /** Lines of the two papers. */
  lines: [number, number];
  /** The bad record between them; null when the format can have none there. */
  bad: { line: number; reason: RegExp } | null;
}

/** The titles of the two papers. */
export const TITLES = ['Énergie – die 𝒩-Räume', '注意力就是你所需要的'] as const;
