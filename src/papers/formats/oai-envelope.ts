/** What surrounds the records of an OAI-PMH answer: when it was made, what went wrong, how to get the rest. */
import { SaxesParser } from 'saxes';
import { Pace } from '../../pacing.js';

export interface OaiEnvelope {
  /** When the repository made the answer, an ISO date-time in UTC. */
  responseDate: string;
  /** Null for an answer that is none. */
  error: { code: string; message: string } | null;
  /** How to get the next page; null after the last. */
  token: { value: string; completeListSize: number | null } | null;
  records: number;
  /** Of the records, those that the repository has deleted. */
  deleted: number;
}

/** Characters parsed between two looks at the clock: about 0.2 ms. */
const SLICE = 16 * 1024;

/**
 * Reads an answer to its end, of UTF-8 text. Entities are neither expanded nor fetched. Throws an Error that says why
 * when it is not well-formed, or no answer of OAI-PMH.
 */
export async function readOaiEnvelope(chunks: Iterable<Uint8Array>): Promise<OaiEnvelope> {
  const reading = new EnvelopeReading();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const pace = new Pace();
  for (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    for (let from = 0; from < text.length; from += SLICE) {
      reading.write(text.slice(from, from + SLICE));
      if (pace.due()) await pace.turn();
    }
  }
  reading.write(decoder.decode());
  return reading.end();
}

class EnvelopeReading {
  readonly #parser = new SaxesParser();
  readonly #open: string[] = [];
  readonly #found = { records: 0, deleted: 0, responseDate: '', error: '', token: '' };
  #errorCode: string | null = null;
  #listSize: number | null = null;
  /** Which of the texts is being read. */
  #into: 'responseDate' | 'error' | 'token' | null = null;

  constructor() {
    this.#parser.on('error', (error) => {
      throw error;
    });
    this.#parser.on('opentag', ({ name, attributes }) => this.#opened(localName(name), attributes));
    this.#parser.on('closetag', () => {
      this.#open.pop();
      this.#into = null;
    });
    this.#parser.on('text', (text) => this.#text(text));
    this.#parser.on('cdata', (text) => this.#text(text));
  }

  write(text: string): void {
    this.#parser.write(text);
  }

  end(): OaiEnvelope {
    this.#parser.close();
    const { records, deleted, responseDate, error, token } = this.#found;
    if (Number.isNaN(Date.parse(responseDate))) throw new Error('it has no responseDate');
    const value = token.trim();
    return {
      responseDate: new Date(responseDate.trim()).toISOString(),
      error: this.#errorCode === null ? null : { code: this.#errorCode, message: error.trim() },
      token: value === '' ? null : { value, completeListSize: this.#listSize },
      records,
      deleted,
    };
  }

  #opened(name: string, attributes: Record<string, string>): void {
    this.#open.push(name);
    const depth = this.#open.length;
    if (depth === 1 && name !== 'OAI-PMH') throw new Error(`it begins with <${name.slice(0, 40)}>`);
    if (depth === 2 && name === 'responseDate') this.#into = 'responseDate';
    if (depth === 2 && name === 'error') {
      this.#into = 'error';
      this.#errorCode = attributes.code ?? 'error';
    }
    if (depth === 3 && name === 'record') this.#found.records++;
    if (depth === 4 && name === 'header' && attributes.status === 'deleted') this.#found.deleted++;
    if (depth === 3 && name === 'resumptionToken') {
      this.#into = 'token';
      this.#listSize = sizeOf(attributes.completeListSize);
    }
  }

  #text(text: string): void {
    if (this.#into !== null) this.#found[this.#into] += text;
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function sizeOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : null;
}
