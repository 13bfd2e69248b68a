/** Why records are passed over, by kinds that stay the same while the words of a reason vary, and what to do about each. */

interface ProblemDescription {
  /** What the records of this kind have in common, as a heading. */
  readonly what: string;
  /** What the user can do about it. */
  readonly advice: string;
  /** Whether something is wrong. The rest is left out because it is no paper, and `--strict` passes it over too. */
  readonly isFault: boolean;
}

export const PROBLEMS = {
  broken_record: {
    what: 'records whose text is broken',
    advice: 'Mend the lines named, or have the program that wrote the file write it again.',
    isFault: true,
  },
  too_long: {
    what: 'records longer than 8 MiB, or with a field longer than it may be',
    advice: 'Shorten the field that is named; docs/guide.md lists how much a paper may have.',
    isFault: true,
  },
  no_title: {
    what: 'records without a title',
    advice: 'A title is what a paper needs at least: add it, or rename the field that holds it to "title".',
    isFault: true,
  },
  wrong_type: {
    what: 'records with a field of another type than it has to be',
    advice: 'Write the field as the reason says; docs/guide.md shows a record.',
    isFault: true,
  },
  bad_date: {
    what: 'records with a date or year that is none',
    advice: 'Write dates as YYYY-MM-DD, or leave the field out.',
    isFault: true,
  },
  bad_id: {
    what: 'records with an id that cannot be used',
    advice: 'Ids are texts of 1 to 256 characters; without one, a paper gets an id made of its title.',
    isFault: true,
  },
  not_a_paper: {
    what: 'records of something else than a paper',
    advice: 'Nothing is wrong: such as volumes and empty places of a list stay out.',
    isFault: false,
  },
  deleted_at_source: {
    what: 'records that their source has deleted',
    advice: 'A paper that you hold stays. Remove it with DELETE /v1/papers/{id}, or build with --prune.',
    isFault: false,
  },
  abstract_without_paper: {
    what: 'abstracts whose paper is not in the corpus',
    advice: 'Build the file of papers too, in the same command or before; the release must be the same.',
    isFault: false,
  },
} as const satisfies Record<string, ProblemDescription>;

export type Problem = keyof typeof PROBLEMS;
