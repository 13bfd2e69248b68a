/** Writes of every kind, several at once, until the service is killed. */
import assert from 'node:assert/strict';
import type { ExpectedPapers, Sent, State } from './expected.js';
import { idOf, type MadePaper, madePaper, stateOf } from './made-papers.js';
import { type ServedProcess, Unanswered } from './served-process.js';

/** Papers that the campaign writes, numbered from 0: few enough to be read whole after every restart. */
export const PAPERS = 120;
/** Writes under way at once; one paper has one of them at a time. */
const AT_ONCE = 4;
const MOST_IN_A_BATCH = 12;

export class Writing {
  readonly #server: ServedProcess;
  readonly #papers: ExpectedPapers;
  readonly #random: () => number;
  /** Of each paper the last edition that was sent. */
  readonly #editions: number[];
  readonly #ended = new AbortController();
  underWay = 0;

  constructor(server: ServedProcess, papers: ExpectedPapers, editions: number[], random: () => number) {
    this.#server = server;
    this.#papers = papers;
    this.#editions = editions;
    this.#random = random;
  }

  /** Resolves when the service is gone, or after `stop`. Errors: an answer that should not be. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#loop()));
  }

  /** Ends after the writes that are under way. */
  stop(): void {
    this.#ended.abort();
  }

  async #loop(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        await this.#one();
      } catch (thrown) {
        if (thrown instanceof Unanswered) return;
        this.stop();
        throw thrown;
      }
    }
  }

  async #one(): Promise<void> {
    const kind = this.#random();
    if (kind < 0.15) return this.#putMany();
    const paper = this.#freePaper();
    if (paper === undefined) return;
    const certain = this.#papers.certain(idOf(paper));
    if (certain !== null && kind < 0.35) return this.#remove(paper);
    if (certain !== null && kind < 0.45) return this.#put(paper, JSON.parse(certain));
    return this.#put(paper, this.#nextEdition(paper));
  }

  #freePaper(): number | undefined {
    const paper = Math.floor(this.#random() * PAPERS);
    return this.#papers.isBusy(idOf(paper)) ? undefined : paper;
  }

  #nextEdition(paper: number): MadePaper {
    const edition = (this.#editions[paper] ?? 0) + 1;
    this.#editions[paper] = edition;
    return madePaper(paper, edition);
  }

  async #put(paper: number, made: MadePaper): Promise<void> {
    await this.#write(idOf(paper), stateOf(made), 'PUT', made);
  }

  async #remove(paper: number): Promise<void> {
    await this.#write(idOf(paper), null, 'DELETE');
  }

  async #write(id: string, state: State, method: string, body?: MadePaper): Promise<void> {
    const sent = this.#papers.send(id, state);
    this.underWay++;
    try {
      const reply = await this.#server.ask(method, `/v1/papers/${encodeURIComponent(id)}`, body);
      this.#settle(sent, reply.status, `${method} ${id}: ${reply.status} ${reply.text}`);
    } catch (thrown) {
      this.#papers.lose(sent);
      throw thrown;
    } finally {
      this.underWay--;
    }
  }

  /** Only success and the refusal of an overloaded service are answers that a sound write may get. */
  #settle(sent: Sent, status: number, told: string): void {
    if (status >= 200 && status < 300) {
      this.#papers.acknowledge(sent);
    } else {
      assert.equal(status, 503, told);
      this.#papers.refuse(sent);
    }
  }

  /** NDJSON: each line of the answer acknowledges the line of the request in its place. */
  async #putMany(): Promise<void> {
    const count = 1 + Math.floor(this.#random() * MOST_IN_A_BATCH);
    const chosen = new Set<number>();
    for (let i = 0; i < count; i++) {
      const paper = this.#freePaper();
      if (paper !== undefined) chosen.add(paper);
    }
    const made = [...chosen].map((paper) => this.#nextEdition(paper));
    const sent = made.map((paper) => this.#papers.send(paper.id, stateOf(paper)));
    this.underWay += sent.length;
    const open = new Set(sent);
    try {
      const lines = `${made.map((paper) => JSON.stringify(paper)).join('\n')}\n`;
      const response = await this.#server.send('POST', '/v1/papers', lines, 'application/x-ndjson');
      for await (const told of linesOf(response)) {
        const { line, outcome } = JSON.parse(told);
        const write = sent[line - 1];
        // The last line, which counts.
        if (write === undefined) continue;
        assert.ok(outcome !== undefined, `line ${line} of POST: ${told}`);
        this.#papers.acknowledge(write);
        open.delete(write);
      }
    } finally {
      for (const write of open) this.#papers.lose(write);
      this.underWay -= sent.length;
    }
  }
}

/** Errors: `Unanswered` when the connection breaks before the end. */
async function* linesOf(response: Response): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (thrown) {
    throw new Unanswered('POST /v1/papers', thrown);
  }
}
