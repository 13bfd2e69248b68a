import type { ReadOutcome } from '../paper.js';
import { parseJson } from './parse-json.js';

/** Makes an outcome of a parsed record, which may be any JSON value. */
export type ToOutcome = (line: number, value: unknown) => ReadOutcome;

/** The text of a record, and the line where it begins; what cannot be held has no text, but a fault. */
export type JsonRecord = { line: number; text: string } | { line: number; text: null; fault: RecordFault };

export type RecordFault = 'too_long' | 'too_deep';

export function outcomeOfRecord(record: JsonRecord, toOutcome: ToOutcome): ReadOutcome {
  const { line, text } = record;
  if (text === null) {
    return record.fault === 'too_long'
      ? { kind: 'bad', line, problem: 'too_long', reason: 'the record is longer than 8 MiB' }
      : { kind: 'bad', line, problem: 'broken_record', reason: 'the record nests over 1,000 brackets' };
  }
  const parsed = parseJson(text);
  return parsed.ok
    ? toOutcome(line, parsed.value)
    : { kind: 'bad', line, problem: 'broken_record', reason: `${parsed.reason} of the record` };
}
