import { jsonVerifier } from 'stream-json/utils/verifier.js';
import { messageOf } from '../../errors.js';

export type ParsedJson = { ok: true; value: unknown } | { ok: false; reason: string };

/**
 * JSON.parse with a reason that says where the text stops being JSON, as a position in
 * UTF-16 code units counted from 1.
 */
export function parseJson(text: string): ParsedJson {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (thrown) {
    return { ok: false, reason: `not JSON: ${placeOfError(text, messageOf(thrown))}` };
  }
}

/** Blanks that are more than the verifier looks ahead, or it would wait for them before it judges the last token. */
const LOOKAHEAD = ' '.repeat(32);

/**
 * JSON.parse does not say where a bad value stands (NaN, the usual one, among them), and its wording changes
 * with the version of Node; so a text that it refused is walked again by a parser that counts.
 */
function placeOfError(text: string, fallback: string): string {
  try {
    jsonVerifier()(text + LOOKAHEAD);
  } catch (thrown) {
    if (!(thrown instanceof Error) || !('offset' in thrown) || typeof thrown.offset !== 'number') {
      return fallback;
    }
    const character = [...text.slice(thrown.offset, thrown.offset + 2)][0];
    if (character !== undefined)
      return `unexpected ${JSON.stringify(character)} at position ${thrown.offset + 1}`;
  }
  return `it breaks off at position ${text.length + 1}`;
}

/** Whether a parsed value is an object with named fields. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What people call the type of a parsed value. */
export function typeNameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}
