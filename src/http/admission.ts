/**
 * What happens when more arrives than can be answered: requests wait in a line of bounded length and start one in each
 * turn of the event loop. So sockets are read between any two of them, probes are answered, and whoever finds the line
 * too long is told so at once, before his request is parsed.
 */
import type { RequestHandler, Response } from 'express';
import { NearpaperError } from '../errors.js';
import { loopsUnderWay } from '../pacing.js';
import { QueueLimit } from '../queue-limit.js';
import { sendProblem } from './problem.js';

/** Requests that may wait while the load is borne. */
const BURST = 64;
/** Requests that may wait once the line has overflowed: the next one, so that there always is one. */
const STANDING = 1;
/** Requests that may be under way, of which nearly all wait for the model; its own queue is bounded too. */
const UNDER_WAY = 256;
/** A long scan gives way again and again. For so long, in ms, it holds up the line; then others may join it, */
const HOLDS_MS = 20;
/** until so many share the event loop. */
const SHARING = 4;

/** One for all, since making an error costs more than sending it, and a refusal must be cheap. */
const OVERLOADED = new NearpaperError('overloaded', 'More requests wait than can be answered soon.', {
  retryAfter: 1,
});

/** Refuses what finds the line full, unless `always` answers it: probes cost next to nothing and must be answered. */
export function refuseEarly(line: Line, always: RequestHandler): RequestHandler {
  return (request, response, next) => {
    if (!line.isFull()) next();
    else {
      always(request, response, (thrown?: unknown) => {
        if (thrown === undefined) sendProblem(response, OVERLOADED);
        else next(thrown);
      });
    }
  };
}

export function deadlineExceeded(deadlineMs: number): NearpaperError {
  return new NearpaperError('deadline_exceeded', `No answer within ${deadlineMs} ms.`, { retryAfter: 1 });
}

type Caller = Pick<Response, 'destroyed'>;

interface Waiting {
  caller: Caller;
  /** In ms of the process's clock. */
  arrived: number;
  begin(): void;
  refuse(error: NearpaperError): void;
}

/** Lets requests through one by one. A batch counts as one request here; its texts count one by one for the model. */
export class Line {
  readonly #deadlineMs: number;
  readonly #limit = new QueueLimit({
    burst: BURST,
    standing: STANDING,
    shed: (places) => {
      for (const { refuse } of this.#waiting.splice(places)) refuse(OVERLOADED);
    },
  });
  /** In order of arrival. */
  #waiting: Waiting[] = [];
  #underWay = 0;
  /** In ms of the process's clock. */
  #lastStart = 0;
  /** Whether the line is looked at in the next turn of the event loop; until then none starts. */
  #looking = false;
  /** Set for the deadline of one that waited first. One for all: most wait for a turn or two only. */
  #timer: NodeJS.Timeout | undefined;

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** Whether who comes now would be refused. */
  isFull(): boolean {
    // Those who left make room; looking for them at every arrival would cost more than they do.
    if (this.#waiting.length >= BURST) this.#letGo();
    return !this.#limit.admits(this.#waiting.length);
  }

  /**
   * Does `work` when its turn has come, and holds a place until it is done; not until its answer is read. Errors:
   * `overloaded` at once, or soon, when the line is too long; `deadline_exceeded` for who waits as long;
   * `cancelled` when the turn comes of a caller who has left.
   */
  async run(caller: Caller, work: () => Promise<void>): Promise<void> {
    if (this.#isFree()) this.#begin();
    else await this.#turn(caller);
    try {
      await work();
    } finally {
      this.#underWay--;
      this.#startNext();
    }
  }

  #isFree(): boolean {
    return !this.#looking && this.#waiting.length === 0 && this.#underWay < UNDER_WAY && this.#mayStart();
  }

  #turn(caller: Caller): Promise<void> {
    if (this.isFull()) throw OVERLOADED;
    return new Promise((begin, refuse) => {
      this.#waiting.push({ caller, arrived: performance.now(), begin, refuse });
      this.#watchDeadline();
      this.#startNext();
    });
  }

  #letGo(): void {
    const left = this.#waiting.filter(({ caller }) => caller.destroyed);
    this.#waiting = this.#waiting.filter(({ caller }) => !caller.destroyed);
    for (const { refuse } of left) refuse(new NearpaperError('cancelled', 'The caller went away.'));
  }

  #watchDeadline(): void {
    const [first] = this.#waiting;
    if (this.#timer !== undefined || first === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        const late = performance.now() - this.#deadlineMs;
        while (this.#waiting[0] !== undefined && this.#waiting[0].arrived <= late)
          this.#waiting.shift()?.refuse(deadlineExceeded(this.#deadlineMs));
        this.#watchDeadline();
      },
      first.arrived + this.#deadlineMs - performance.now(),
    ).unref();
  }

  #startNext(): void {
    if (this.#looking || this.#underWay >= UNDER_WAY) return;
    if (this.#waiting[0]?.caller.destroyed) this.#letGo();
    if (this.#waiting.length === 0) return;
    if (this.#mayStart()) {
      this.#begin();
      this.#waiting.shift()?.begin();
    } else {
      this.#lookNextTurn();
    }
  }

  #begin(): void {
    this.#underWay++;
    this.#lastStart = performance.now();
    this.#lookNextTurn();
  }

  #lookNextTurn(): void {
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#startNext();
    });
  }

  /** What has begun goes on before anything else begins; else all would be late instead of some refused. */
  #mayStart(): boolean {
    const loops = loopsUnderWay();
    return loops === 0 || (loops < SHARING && performance.now() - this.#lastStart > HOLDS_MS);
  }
}
