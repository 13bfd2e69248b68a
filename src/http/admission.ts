/**
 * What happens when more arrives than can be answered: requests wait in a line of bounded length and start one in each
 * turn of the event loop. So sockets are read between any two of them, probes are answered, and whoever finds the line
 * too long is told so at once, before his request is parsed.
 */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
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

/** Answered whatever the load: they cost next to nothing, and probes must not be refused. */
const ALWAYS = /^\/(?:$|livez$|readyz$|metrics$|openapi\.json$|docs(?:$|\/))/;

/** One for all, since making an error costs more than sending it, and a refusal must be cheap. */
const OVERLOADED = new NearpaperError('overloaded', 'More requests wait than can be answered soon.', {
  retryAfter: 1,
});

interface Waiting {
  response: Response;
  next: NextFunction;
}

/** Lets requests through one by one. A batch counts as one request here; its texts count one by one for the model. */
export function admission(): RequestHandler {
  const line = new Line();
  return (request, response, next) => {
    if (ALWAYS.test(pathOf(request))) next();
    else if (!line.admits()) sendProblem(response, OVERLOADED);
    else line.enter({ response, next });
  };
}

function pathOf({ url }: Request): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

class Line {
  readonly #limit = new QueueLimit(BURST, STANDING);
  #waiting: Waiting[] = [];
  #underWay = 0;
  /** In ms of the process's clock. */
  #lastStart = 0;
  /** Whether the line is looked at in the next turn of the event loop; until then none starts. */
  #looking = false;

  admits(): boolean {
    // Those who left make room; looking for them at every arrival would cost more than they do.
    if (this.#waiting.length >= BURST)
      this.#waiting = this.#waiting.filter(({ response }) => !hasLeft(response));
    return this.#limit.admits(this.#waiting.length);
  }

  enter(entry: Waiting): void {
    this.#waiting.push(entry);
    this.#startNext();
  }

  #startNext(): void {
    if (this.#looking || this.#underWay >= UNDER_WAY || this.#waiting.length === 0) return;
    const entry = this.#mayStart() ? this.#take() : undefined;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#startNext();
    });
    if (entry !== undefined) this.#start(entry);
  }

  /** What has begun goes on before anything else begins; else all would be late instead of some refused. */
  #mayStart(): boolean {
    const loops = loopsUnderWay();
    return loops === 0 || (loops < SHARING && performance.now() - this.#lastStart > HOLDS_MS);
  }

  #take(): Waiting | undefined {
    let entry = this.#waiting.shift();
    while (entry !== undefined && hasLeft(entry.response)) entry = this.#waiting.shift();
    return entry;
  }

  #start({ response, next }: Waiting): void {
    this.#lastStart = performance.now();
    this.#underWay++;
    onEnd(response, () => {
      this.#underWay--;
      this.#startNext();
    });
    next();
  }
}

function hasLeft(response: Response): boolean {
  return response.closed || response.req.socket.destroyed;
}

/** Calls `release` once, when the response is over. */
function onEnd(response: Response, release: () => void): void {
  if (response.socket !== null) {
    response.on('close', release);
    return;
  }
  // Pipelined behind another: until its turn comes Node does not tell it that the connection is gone.
  const { socket } = response.req;
  const once = () => {
    response.off('close', once);
    socket.off('close', once);
    release();
  };
  response.on('close', once);
  socket.on('close', once);
}
