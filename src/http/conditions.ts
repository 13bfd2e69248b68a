/** The conditions of writes: If-Match and If-None-Match (RFC 9110, 13.1). */
import type { Request } from 'express';
import type { WriteOptions } from '../changes/corpus-writer.js';
import { NearpaperError } from '../errors.js';
import { entityTags, matchesAnything, versionIn } from './etag.js';

/**
 * What must hold before a paper is put. A tag of any GET of the paper will do, whatever its fields; a weak one never
 * matches. Errors: `invalid_request`, since a condition that is passed over would let a write through.
 */
export function putConditions({ headers }: Request): Pick<WriteOptions, 'ifMatch' | 'ifNoneMatch'> {
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch === undefined) return matchCondition(headers['if-match']);
  if (!matchesAnything(ifNoneMatch))
    throw unacceptable('If-None-Match', '*, for a paper that is not there yet');
  return { ...matchCondition(headers['if-match']), ifNoneMatch: '*' };
}

/** The same for a removal, of which only If-Match can be a condition. */
export function removeConditions({ headers }: Request): Pick<WriteOptions, 'ifMatch'> {
  if (headers['if-none-match'] !== undefined) throw unacceptable('If-None-Match', 'none with DELETE');
  return matchCondition(headers['if-match']);
}

function matchCondition(ifMatch: string | undefined): Pick<WriteOptions, 'ifMatch'> {
  if (ifMatch === undefined) return {};
  if (matchesAnything(ifMatch)) return { ifMatch: '*' };
  const tags = entityTags(ifMatch) ?? [];
  if (tags.length === 0) {
    throw unacceptable(
      'If-Match',
      '* or ETags of the paper as they were given, with their quotes, separated by commas',
    );
  }
  return { ifMatch: tags.filter(({ weak }) => !weak).map(versionIn) };
}

function unacceptable(field: string, accepted: string): NearpaperError {
  return new NearpaperError('invalid_request', `${field} cannot be used here as it is.`, { field, accepted });
}
