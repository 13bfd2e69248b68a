/** Years outside of these are taken for mistakes. */
export const FIRST_YEAR = 1000;
export const LAST_YEAR = 2200;

/** What a date says: a day as YYYY-MM-DD, or only the year that it lies in. */
export interface KnownDate {
  day: string | null;
  year: number;
}

const TIME = /\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[A-Z]{1,4}|[+-]\d{2}(?::?\d{2})?)?/i.source;
const NUMERIC_DAY = new RegExp(`^(\\d{4})([-/])(\\d{1,2})\\2(\\d{1,2})(?:[T\\s]\\s*${TIME})?$`, 'i');
const NAMED_MONTH_DAY = new RegExp(
  `^(?:[a-z]{3,9}\\.?,?\\s+)?(\\d{1,2})\\s+([a-z]{3})[a-z]*\\.?,?\\s+(\\d{4})(?:\\s+${TIME})?(?:\\s*\\(.*\\))?$`,
  'i',
);
const MONTH_OR_YEAR = /^(\d{4})(?:[-/](\d{1,2}))?$/;
const YEAR_IN_TEXT = /(?<!\d)(?:1[4-9]|20)\d{2}(?!\d)/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Reads an ISO date or date-time, YYYY/MM/DD, an RFC 2822 date, YYYY-MM or YYYY. The day is the one written,
 * whatever the time zone. Null for anything else and for days that do not exist.
 */
export function parseDate(text: string): KnownDate | null {
  const numeric = NUMERIC_DAY.exec(text);
  if (numeric) return dayOf(Number(numeric[1]), Number(numeric[3]), Number(numeric[4]));
  const named = NAMED_MONTH_DAY.exec(text);
  if (named) {
    const month = MONTHS.indexOf((named[2] ?? '').toLowerCase()) + 1;
    return dayOf(Number(named[3]), month, Number(named[1]));
  }
  const [, year, month] = MONTH_OR_YEAR.exec(text) ?? [];
  if (year === undefined || dayOf(Number(year), Number(month ?? 1), 1) === null) return null;
  return { day: null, year: Number(year) };
}

/** The first year from 1400 to 2099 in a text such as "c2005" or "Spring 2020"; undefined without any. */
export function yearInText(text: string): number | undefined {
  const found = YEAR_IN_TEXT.exec(text);
  return found === null ? undefined : Number(found[0]);
}

export function isPlausibleYear(year: number): boolean {
  return Number.isInteger(year) && year >= FIRST_YEAR && year <= LAST_YEAR;
}

function dayOf(year: number, month: number, day: number): KnownDate | null {
  if (!isPlausibleYear(year) || month < 1 || day < 1 || day > daysIn(year, month)) return null;
  return { day: `${year}-${twoDigits(month)}-${twoDigits(day)}`, year };
}

/** 0 for a month that is none. */
function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}
