/** Which days a command asks for, from what its flags say and what was asked for before. */
import { NearpaperError } from '../errors.js';
import { type Day, type DayRange, dayOf } from './days.js';
import type { Source } from './source.js';

export interface Asked {
  since: Day | null;
  until: Day | null;
}

export interface AskedDays {
  /** The first day, as it was said. */
  since: Day;
  /** What to ask the source for. */
  range: DayRange;
}

/** `before`: where runs without --since begin, null before the first. `now`: ms since 1970. Errors: `usage`. */
export function askedDays(
  source: Source,
  { since, until }: Asked,
  before: Day | null,
  now: number,
): AskedDays {
  const from = since ?? before ?? source.defaultSince(now);
  const today = dayOf(now);
  const { firstDay, folder, label } = source;
  if (from === null) {
    const message = `From which day on? Nothing of ${folder} was fetched before: --since 2024-01-01, for instance.`;
    throw wrong('since', message);
  }
  if (from > today) throw wrong('since', `--since ${from} is still to come.`);
  if (until !== null && until < from)
    throw wrong('until', `--until ${until} is before ${from}, where it begins.`);
  if (until !== null && firstDay !== null && until < firstDay) {
    const message = `--until ${until} is before ${firstDay}: no record of ${label} was last changed earlier.`;
    throw wrong('until', message);
  }
  // Sources refuse days that are far to come; up to today is all that there is.
  const to = until === null || until >= today ? source.lastDay(now) : until;
  return { since: from, range: { from: firstDay !== null && from < firstDay ? firstDay : from, to } };
}

function wrong(field: string, message: string): NearpaperError {
  return new NearpaperError('usage', message, { field });
}
