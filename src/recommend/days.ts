/** Days as callers write them: 2024, 2024-05 or 2024-05-31. */

const DAY = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;

/** The first day that `text` names, as YYYY-MM-DD; undefined when it names none. */
export function firstDay(text: string): string | undefined {
  return parse(text)?.first;
}

/** The last day that `text` names, as YYYY-MM-DD; undefined when it names none. */
export function lastDay(text: string): string | undefined {
  return parse(text)?.last;
}

function parse(text: string): { first: string; last: string } | undefined {
  const [, year, month, day] = DAY.exec(text.trim()) ?? [];
  if (year === undefined) return undefined;
  if (month === undefined) return { first: `${year}-01-01`, last: `${year}-12-31` };
  const last = daysOf(Number(year), Number(month));
  if (last === undefined) return undefined;
  if (day === undefined) return { first: `${year}-${month}-01`, last: `${year}-${month}-${last}` };
  if (Number(day) < 1 || Number(day) > last) return undefined;
  return { first: `${year}-${month}-${day}`, last: `${year}-${month}-${day}` };
}

/** How many days a month of 1 to 12 has; undefined for another number. */
function daysOf(year: number, month: number): number | undefined {
  if (month < 1 || month > 12) return undefined;
  // Day 0 is the last of the month before. Set by parts: Date.UTC takes the years 0 to 99 for those of 1900.
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0);
  return date.getUTCDate();
}
