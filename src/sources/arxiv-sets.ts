/** arXiv's categories as sets of its OAI-PMH interface: group, archive and subject, such as cs:cs:CL. */
import { NearpaperError } from '../errors.js';

/** Archives that are groups of their own, with subjects in them. */
const GROUPS = ['cs', 'econ', 'eess', 'math', 'q-bio', 'q-fin', 'stat'];

/** Archives of the group "physics", and those of them that have subjects. */
const WITH_SUBJECTS = ['astro-ph', 'cond-mat', 'nlin', 'physics'];
const WITHOUT = [
  'gr-qc',
  'hep-ex',
  'hep-lat',
  'hep-ph',
  'hep-th',
  'math-ph',
  'nucl-ex',
  'nucl-th',
  'quant-ph',
];

/**
 * The set of a category such as cs.CL, or of an archive such as cs or hep-th; `physics` is all of physics.
 * Errors: `usage`, with the archives that there are.
 */
export function setOf(category: string): string {
  const [, archive = '', subject] = /^([a-z-]+)(?:\.([A-Za-z-]{2,}))?$/.exec(category) ?? [];
  if (GROUPS.includes(archive)) return subject === undefined ? archive : `${archive}:${archive}:${subject}`;
  if (archive === 'physics' && subject === undefined) return archive;
  if (WITH_SUBJECTS.includes(archive)) return ['physics', archive, subject].filter(Boolean).join(':');
  if (WITHOUT.includes(archive) && subject === undefined) return `physics:${archive}`;
  const archives = [...GROUPS, ...WITH_SUBJECTS, ...WITHOUT].toSorted().join(', ');
  throw new NearpaperError(
    'usage',
    `arXiv has no category ${JSON.stringify(category)}. Name an archive (${archives}) or one of its subjects, such as cs.CL or astro-ph.GA.`,
    { field: 'category' },
  );
}
