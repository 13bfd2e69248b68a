/** Days as YYYY-MM-DD, which compare as text, and ranges of them: what was fetched, and what is still to be. */

export type Day = string;

/** Both ends belong to it. */
export interface DayRange {
  from: Day;
  to: Day;
}

/** The end of a range that has none. */
export const FOREVER: Day = '9999-12-31';

const DAY_MS = 24 * 60 * 60 * 1000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The day in UTC. `time`: milliseconds since 1970. */
export function dayOf(time: number): Day {
  return new Date(time).toISOString().slice(0, 10);
}

export function isDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && dayOf(time) === text;
}

/** The day so many days later, or earlier for a negative number. FOREVER stays. */
export function addDays(day: Day, days: number): Day {
  return day === FOREVER ? FOREVER : dayOf(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS);
}

/** The parts of a range that none of the others covers, the earliest first. */
export function gapsOf(range: DayRange, covered: readonly DayRange[]): DayRange[] {
  const gaps: DayRange[] = [];
  let { from } = range;
  for (const part of joined(covered)) {
    if (part.to < from) continue;
    if (part.from > range.to) break;
    if (part.from > from) gaps.push({ from, to: addDays(part.from, -1) });
    if (part.to >= range.to) return gaps;
    from = addDays(part.to, 1);
  }
  gaps.push({ from, to: range.to });
  return gaps;
}

/** The same days as the fewest ranges, in their order. */
export function joined(ranges: readonly DayRange[]): DayRange[] {
  const result: DayRange[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = result.at(-1);
    if (last === undefined || from > addDays(last.to, 1)) result.push({ from, to });
    else if (to > last.to) last.to = to;
  }
  return result;
}
