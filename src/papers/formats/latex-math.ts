/** Where formulas begin and end in texts, between dollars and without them. */

/** What hardly stands in text between two dollars of money. */
const MATH_SIGN = /[\\^_=]/;

/** How far apart dollars may be that are math only by what stands between them, and not by how they stand. */
const MOST_OF_LOOSE_MATH = 200;

/** Longer groups hold text. It bounds how far is looked for the end of one. */
const MOST_OF_A_GROUP = 200;
/** As \\frac and \\binom have. */
const MOST_ARGUMENTS = 2;
const OPTIONAL_ARGUMENT = /\[[^[\]{}\\]{0,40}\]/y;
const GROUP_SIGN = /[\\{}]/g;
const SET = /[,|<>=]/;
/** Longer ones are clauses, in braces that some command left behind. */
const MOST_OF_A_SET = 80;
/** What stands before a set that is no argument. */
const BEFORE_A_SET = /^[\s(=[:;,]?$/;

/** The position behind the arguments of a command whose name ends at `from`; `from` where none is to be seen. */
export function argumentsEnd(text: string, from: number): number {
  OPTIONAL_ARGUMENT.lastIndex = from;
  let end = OPTIONAL_ARGUMENT.test(text) ? OPTIONAL_ARGUMENT.lastIndex : from;
  if (text.charAt(end) !== '{') return from;
  for (let count = 0; count < MOST_ARGUMENTS && text.charAt(end) === '{'; count += 1) {
    const next = groupEnd(text, end);
    if (next === -1) return count === 0 ? from : end;
    end = next;
  }
  return end;
}

/** The position behind the group that opens at `open` when it is an exponent or an index, `^{..}`; -1 when it is none. */
export function scriptEnd(text: string, open: number): number {
  const isScript = /[\^_]/.test(text.charAt(open - 1)) && text.charAt(open - 2) !== '\\';
  return isScript ? groupEnd(text, open) : -1;
}

/** The same when it is a set, `{0,1}` or `{a}^n`, without a command or a group in it. */
export function setEnd(text: string, open: number): number {
  if (!BEFORE_A_SET.test(text.charAt(open - 1))) return -1;
  GROUP_SIGN.lastIndex = open + 1;
  const close = GROUP_SIGN.test(text) ? GROUP_SIGN.lastIndex - 1 : -1;
  if (close === -1 || text.charAt(close) !== '}' || close - open > MOST_OF_A_SET) return -1;
  const isSet = SET.test(text.slice(open, close)) || /[\^_]/.test(text.charAt(close + 1));
  return isSet ? close + 1 : -1;
}

/** The position behind the brace that closes the one at `open`; -1 when it is not near. */
function groupEnd(text: string, open: number): number {
  let depth = 0;
  const most = Math.min(text.length, open + MOST_OF_A_GROUP);
  for (let at = open; at < most; at += 1) {
    const sign = text.charAt(at);
    if (sign === '\\') at += 1;
    else if (sign === '{') depth += 1;
    else if (sign === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** Where the next dollar stands that is not escaped; -1 without any. */
export function closingDollar(text: string, from: number): number {
  for (let at = text.indexOf('$', from); at !== -1; at = text.indexOf('$', at + 1)) {
    if (text.charAt(at - 1) !== '\\' || text.charAt(at - 2) === '\\') return at;
  }
  return -1;
}

/** Whether two dollars hold math, by how they touch what they hold ("$5 and $10" do not), or else by what it is. */
export function isMathBetween(text: string, start: number, end: number): boolean {
  const isTight =
    /\S/.test(text.charAt(start + 1)) && /\S/.test(text.charAt(end - 1)) && !/\d/.test(text.charAt(end + 1));
  if (isTight) return true;
  return end - start <= MOST_OF_LOOSE_MATH && MATH_SIGN.test(text.slice(start, end));
}
