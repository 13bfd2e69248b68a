/** Progress of a build: one line that is rewritten on a terminal, plain lines now and then elsewhere. */
import type { BuildEvent } from '../build/progress.js';
import { printLine } from './output.js';

/** Milliseconds between two lines of progress. */
const ON_TERMINAL_MS = 100;
const ELSEWHERE_MS = 10_000;
/** Bad records that are shown one by one, for each input. */
const SHOWN_SKIPS = 20;

export class BuildDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #skips = new Map<string, number>();
  #lastStage = '';
  #lastShown = 0;
  #openLine = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(event: BuildEvent): void {
    switch (event.kind) {
      case 'note':
        this.#line(event.message);
        break;
      case 'skipped':
        this.#skipped(event.input, event.line, event.reason);
        break;
      case 'read':
        this.#finished(describeRead(event));
        break;
      default:
        this.#progress(event.kind, ...describeProgress(event));
    }
  }

  /** Ends a line that is still being rewritten. */
  end(): void {
    if (this.#openLine) this.#stream.write('\n');
    this.#openLine = false;
  }

  #progress(stage: string, text: string, last: boolean): void {
    const now = performance.now();
    const newStage = stage !== this.#lastStage;
    const pause = this.#stream.isTTY ? ON_TERMINAL_MS : ELSEWHERE_MS;
    if (!newStage && !last && now - this.#lastShown < pause) return;
    if (newStage) this.end();
    this.#lastStage = stage;
    this.#lastShown = now;
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\u001b[2K${text}`);
      this.#openLine = true;
    } else {
      printLine(this.#stream, text);
    }
  }

  /** Takes the place of the progress before it. */
  #finished(text: string): void {
    if (this.#openLine) this.#stream.write('\r\u001b[2K');
    this.#openLine = false;
    this.#lastStage = '';
    printLine(this.#stream, text);
  }

  #skipped(input: string, line: number, reason: string): void {
    const count = (this.#skips.get(input) ?? 0) + 1;
    this.#skips.set(input, count);
    if (count <= SHOWN_SKIPS) this.#line(`Skipped ${input}, line ${line}: ${reason}`);
    else if (count === SHOWN_SKIPS + 1) this.#line(`Further bad records of ${input} are only counted.`);
  }

  #line(text: string): void {
    this.end();
    printLine(this.#stream, text);
  }
}

type ProgressEvent = Exclude<BuildEvent, { kind: 'note' | 'read' | 'skipped' }>;

function describeRead({ input, format, records, bad }: Extract<BuildEvent, { kind: 'read' }>): string {
  const ofThem = bad === 0 ? '' : `, ${bad} of them bad`;
  return `Read ${input} (${format}): ${records} ${records === 1 ? 'record' : 'records'}${ofThem}`;
}

/** The line of progress, and whether it is the last of its stage and must not be left out. */
function describeProgress(event: ProgressEvent): [text: string, last: boolean] {
  switch (event.kind) {
    case 'reading': {
      const soFar = event.records === 0 ? '' : `: ${event.records} records`;
      return [`Reading ${event.input} (${event.format})${soFar}`, false];
    }
    case 'embedding': {
      const { done, total, perSecond, secondsLeft } = event;
      const pace = `${perSecond.toFixed(0)} papers/s, ${duration(secondsLeft)} left`;
      return [`Embedding ${done} of ${total}, ${pace}`, done === total];
    }
    case 'indexing':
      return [`Indexing ${event.done} of ${event.total}`, event.done === event.total];
    case 'measuring':
      return [`Measuring recall (search effort ${event.ef})`, true];
    case 'keywords':
      return [`Indexing words of ${event.done} of ${event.total}`, event.done === event.total];
    case 'calibrating':
      return ['Measuring what similarities mean in this corpus', true];
    case 'publishing':
      return ['Publishing', true];
  }
}

/** Such as 45 s, 3 min 05 s, 1 h 12 min. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}
