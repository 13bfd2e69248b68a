import { isJsonObject } from './parse-json.js';

/** What is at a path of member names in a parsed JSON value; undefined where the path ends early. */
export function memberAt(value: unknown, ...path: string[]): unknown {
  let found = value;
  for (const name of path) {
    if (!isJsonObject(found)) return undefined;
    found = found[name];
  }
  return found;
}

/** The text at such a path; undefined where there is none but blanks, or something else. */
export function textAt(value: unknown, ...path: string[]): string | undefined {
  const found = memberAt(value, ...path);
  return typeof found === 'string' && found.trim() !== '' ? found : undefined;
}

/** The texts at a path in each element of a list; those that have none are left out. */
export function textsAt(list: unknown, ...path: string[]): string[] {
  if (!Array.isArray(list)) return [];
  const texts: string[] = [];
  for (const element of list) {
    const text = textAt(element, ...path);
    if (text !== undefined) texts.push(text);
  }
  return texts;
}
