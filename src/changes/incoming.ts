/** From what a caller sends to a paper: the very reading that a build gives a line of JSONL. */
import { NearpaperError } from '../errors.js';
import { normalisePaper } from '../papers/formats/normalise.js';
import { outcomeOf, paperFromFields } from '../papers/formats/record-fields.js';
import type { IncomingPaper } from '../papers/paper.js';

/** `id`: where the caller names it elsewhere. Errors: `invalid_paper`, `invalid_request` for two ids. */
export function incomingPaper(record: unknown, id: string | undefined): IncomingPaper {
  const outcome = outcomeOf(1, record, paperFromFields);
  if (outcome.kind === 'bad') throw invalid(outcome.reason);
  const { paper } = outcome;
  if (id !== undefined && paper.id !== undefined && paper.id !== id) {
    throw new NearpaperError('invalid_request', `The record is of ${paper.id}, the address of ${id}.`, {
      field: 'id',
      accepted: 'the same id, or none in the record',
    });
  }
  const normalised = normalisePaper(id === undefined ? paper : { ...paper, id });
  if (!normalised.ok) throw invalid(normalised.reason);
  return normalised.paper;
}

function invalid(reason: string): NearpaperError {
  const field = /^([a-z]+)[[:]/.exec(reason)?.[1];
  const details = field === undefined ? {} : { field };
  return new NearpaperError('invalid_paper', `The record is no paper: ${reason}.`, details);
}
