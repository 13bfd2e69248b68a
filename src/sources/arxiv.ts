/**
 * arXiv by OAI-PMH 2.0 (openarchives.org/OAI/openarchivesprotocol.html): ListRecords by set and datestamp, page by page
 * with resumption tokens. A datestamp is the day of the last change, in UTC.
 */
import { NearpaperError } from '../errors.js';
import { type OaiEnvelope, readOaiEnvelope } from '../papers/formats/oai-envelope.js';
import { setOf } from './arxiv-sets.js';
import { type Day, FOREVER } from './days.js';
import type { Answer } from './exchange.js';
import type { Harvest, Page, Source } from './source.js';
import { Transient } from './transient.js';

export const ARXIV_URL = 'https://oaipmh.arxiv.org/oai';
export const ARXIV_LABEL = 'arXiv';
/** One request every three seconds is what arXiv's terms of use allow, over one connection. */
export const ARXIV_INTERVAL_MS = 3000;

/** No record has an earlier datestamp. For all of them arXiv wants to be asked without a date. */
const EARLIEST: Day = '2005-09-16';

/** One category of arXiv. All of them are to be asked by one client, since the interval is arXiv's. Errors: `usage`. */
export function arxivSource(category: string, url: string): Source {
  const set = setOf(category);
  return {
    label: `${ARXIV_LABEL} ${category}`,
    url,
    folder: `arxiv-${category}`,
    extension: 'xml',
    // What is changed late on a day is announced on the next.
    growingDays: 1,
    firstDay: EARLIEST,
    lastDay: () => FOREVER,
    defaultSince: () => null,
    async page(harvest, client) {
      const asked = new URL(url);
      for (const [name, value] of Object.entries(parametersOf(harvest, set)))
        asked.searchParams.set(name, value);
      const { envelope, body } = await client.ask(asked, understand);
      return pageOf(envelope, body);
    },
  };
}

function parametersOf({ cursor, from, to }: Harvest, set: string): Record<string, string> {
  const verb = 'ListRecords';
  if (cursor !== null) return { verb, resumptionToken: cursor };
  return {
    verb,
    metadataPrefix: 'arXiv',
    set,
    ...(from <= EARLIEST ? {} : { from }),
    ...(to === FOREVER ? {} : { until: to }),
  };
}

interface Understood {
  envelope: OaiEnvelope;
  body: Uint8Array[];
}

/** Errors: `Transient` for what is no OAI-PMH, `source_refused` for a refusal that is none either. */
async function understand({ status, chunks }: Answer): Promise<Understood> {
  let envelope: OaiEnvelope;
  try {
    envelope = await readOaiEnvelope(chunks);
  } catch (thrown) {
    if (status !== 200) throw refused(`HTTP ${status}`);
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Transient(`an answer that is not OAI-PMH: ${why}`, { cause: thrown });
  }
  if (envelope.error === null && envelope.records === 0 && !hasList(chunks)) {
    if (status !== 200) throw refused(`HTTP ${status}`);
    throw new Transient('an answer without a list of records');
  }
  return { envelope, body: chunks };
}

/** Whether an answer of well-formed XML is a list at all: one without a record says nothing of it in its envelope. */
function hasList(chunks: readonly Uint8Array[]): boolean {
  return /<(?:[\w-]+:)?ListRecords[\s/>]/.test(Buffer.concat(chunks).toString('latin1'));
}

/** Errors: `source_refused` for every error of the protocol but these two. */
function pageOf(
  { error, token, responseDate, records, deleted }: OaiEnvelope,
  body: Uint8Array[],
): Page | 'expired' {
  if (error?.code === 'badResumptionToken') return 'expired';
  if (error !== null && error.code !== 'noRecordsMatch')
    throw refused(`${error.code}${error.message === '' ? '' : `: ${error.message}`}`);
  return {
    body: records > deleted ? body : null,
    name: null,
    records,
    total: token?.completeListSize ?? null,
    answered: responseDate,
    next: token?.value ?? null,
    missing: null,
    note: null,
  };
}

function refused(what: string): NearpaperError {
  return new NearpaperError('source_refused', `${ARXIV_LABEL} refused (${what}). What was fetched is kept.`);
}
