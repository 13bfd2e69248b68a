/** arXiv's OAI-PMH interface in small: ListRecords with sets, datestamps, deleted records and resumption tokens. */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { dayOf } from '../../src/sources/days.js';
import { SourceServer } from './source-server.js';

/** arXiv takes no day before its first datestamp. */
const EARLIEST = '2005-09-16';
const DAY_MS = 24 * 60 * 60 * 1000;

export interface OaiRecord {
  id: string;
  /** The day of the last change. */
  datestamp: string;
  title: string;
  abstract?: string;
  categories?: string[];
  deleted?: boolean;
}

interface Query {
  set: string | null;
  from: string | null;
  until: string | null;
  skip: number;
}

export class OaiServer extends SourceServer {
  records: OaiRecord[];
  pageSize = 2;
  /** Its clock, in ms since 1970. */
  now: () => number = () => Date.parse('2024-03-10T12:00:00Z');
  gzips = false;
  /** Tokens of earlier epochs have expired. */
  epoch = 1;

  constructor(records: OaiRecord[]) {
    super('/oai', (_request, response, url) => this.#respond(response, url.searchParams));
    this.records = records;
  }

  /** The parameters of every request. */
  get queries(): Record<string, string>[] {
    return this.asked.map(({ url }) => Object.fromEntries(url.searchParams));
  }

  #respond(response: ServerResponse, parameters: URLSearchParams): void {
    const now = this.now();
    const text = `<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<responseDate>${new Date(now).toISOString().slice(0, 19)}Z</responseDate>
<request verb="ListRecords">${this.url}</request>
${this.#content(parameters, now)}
</OAI-PMH>
`;
    const headers = { 'Content-Type': 'text/xml' };
    if (this.gzips) response.writeHead(200, { ...headers, 'Content-Encoding': 'gzip' }).end(gzipSync(text));
    else response.writeHead(200, headers).end(text);
  }

  #content(parameters: URLSearchParams, now: number): string {
    const { resumptionToken: token, ...given } = Object.fromEntries(parameters);
    if (given.verb !== 'ListRecords') return '<error code="badVerb">Illegal verb</error>';
    if (token !== undefined) {
      if (Object.keys(given).length > 1) return '<error code="badArgument">Token with others</error>';
      const [epoch, query] = JSON.parse(Buffer.from(token, 'base64').toString()) as [number, Query];
      if (epoch !== this.epoch) return '<error code="badResumptionToken">Token has expired</error>';
      return this.#list(query);
    }
    const { verb: _, metadataPrefix, set = null, from = null, until = null, ...others } = given;
    const dates = [from, until].filter((day) => day !== null);
    if (Object.keys(others).length > 0 || !dates.every((day) => /^\d{4}-\d{2}-\d{2}$/.test(day)))
      return '<error code="badArgument">Illegal argument</error>';
    if (dates.some((day) => day < EARLIEST)) return '<error code="badArgument">date too early</error>';
    // A day ahead is today somewhere.
    if (dates.some((day) => day > dayOf(now + DAY_MS)))
      return '<error code="badArgument">date too late</error>';
    if (metadataPrefix !== 'arXiv') return '<error code="cannotDisseminateFormat">No such format</error>';
    return this.#list({ set, from, until, skip: 0 });
  }

  #list(query: Query): string {
    const { set, from, until, skip } = query;
    const matching = this.records.filter(
      ({ datestamp, categories }) =>
        datestamp >= (from ?? '') &&
        datestamp <= (until ?? '9999') &&
        setsOf(categories).some((other) => set === null || `${other}:`.startsWith(`${set}:`)),
    );
    if (matching.length === 0) return '<error code="noRecordsMatch">No matching records</error>';
    const next = skip + this.pageSize;
    const token = next < matching.length ? [this.epoch, { ...query, skip: next }] : null;
    const value = token === null ? '' : Buffer.from(JSON.stringify(token)).toString('base64');
    const isWhole = matching.length <= this.pageSize;
    return `<ListRecords>
${matching.slice(skip, next).map(recordOf).join('\n')}
${isWhole ? '' : `<resumptionToken completeListSize="${matching.length}" cursor="${skip}">${value}</resumptionToken>`}
</ListRecords>`;
  }
}

function setsOf(categories = ['cs.CL']): string[] {
  return categories.map((category) => {
    const [archive = '', subject] = category.split('.');
    return subject === undefined ? `physics:${archive}` : `${archive}:${archive}:${subject}`;
  });
}

function recordOf({
  id,
  datestamp,
  title,
  abstract = '',
  categories = ['cs.CL'],
  deleted,
}: OaiRecord): string {
  const header = `<header${deleted ? ' status="deleted"' : ''}><identifier>oai:arXiv.org:${id}</identifier><datestamp>${datestamp}</datestamp>${setsOf(
    categories,
  )
    .map((set) => `<setSpec>${set}</setSpec>`)
    .join('')}</header>`;
  if (deleted) return `<record>${header}</record>`;
  return `<record>${header}<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>${id}</id><created>${datestamp}</created>
<authors><author><keyname>Lovelace</keyname><forenames>Ada</forenames></author></authors>
<title>${escaped(title)}</title><categories>${categories.join(' ')}</categories><abstract>${escaped(abstract)}</abstract></arXiv></metadata></record>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** Records of consecutive days from 2024-03-01 on, as many as asked for. */
export function madeRecords(count: number): OaiRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `2403.${String(i + 1).padStart(5, '0')}`,
    datestamp: `2024-03-${String(i + 1).padStart(2, '0')}`,
    title: `Paper ${i + 1} & its friends`,
    abstract: `We show the result of experiment ${i + 1}.`,
  }));
}
