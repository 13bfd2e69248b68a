/** The rounds of the crash campaign: start, check, write, kill. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jsonFile, runCommand } from '../build/building.js';
import { RunningCommand } from '../support/command.js';
import { until } from '../support/until.js';
import { seeded } from '../vectors/clustered.js';
import { checkAll } from './checking.js';
import { ExpectedPapers } from './expected.js';
import { type MadePaper, madePaper, stateOf } from './made-papers.js';
import { momentAfter, PHASES, type Phase, phaseAtDeath, SIGNS } from './phases.js';
import { isAlive, ServedProcess } from './served-process.js';
import { PAPERS, Writing } from './writing.js';

const FIRST_PAPERS = 60;
/** A rebuild about twice a second while everything is written to. */
const ENVIRONMENT = { NEARPAPER_REBUILD_AFTER: '30' };
/** Longest time between the first write of a round and the kill: so many quiet rebuilds, and so many ms to write in. */
const WINDOW_REBUILDS = 1.5;
const WINDOW_MS = 500;
/** A start may take so many times a quiet one, and so many ms at least. */
const START_FACTOR = 5;
const LEAST_START_MS = 15_000;
const VERIFY_EVERY = 10;

export interface Summary {
  kills: number;
  phases: Record<Phase, number>;
  restarts: number;
  quietStartMs: number;
  longestStartMs: number;
  acknowledged: number;
  verified: number;
}

export class Campaign {
  readonly #folder: string;
  readonly #random: () => number;
  readonly #papers = new ExpectedPapers();
  readonly #editions = new Array<number>(PAPERS).fill(0);
  readonly #phases = Object.fromEntries(PHASES.map((phase) => [phase, 0])) as Record<Phase, number>;
  /** What the round did, for who has to find out. */
  #story: string[] = [];
  #server: ServedProcess | undefined;
  #quietStart = 0;
  #longestStart = 0;
  #quietBuild = 0;
  #window = 0;
  #restarts = 0;
  #verified = 0;
  kills = 0;

  constructor(indexFolder: string, seed: number) {
    this.#folder = indexFolder;
    this.#random = seeded(seed);
  }

  get summary(): Summary {
    return {
      kills: this.kills,
      phases: this.#phases,
      restarts: this.#restarts,
      quietStartMs: Math.round(this.#quietStart),
      longestStartMs: Math.round(this.#longestStart),
      acknowledged: this.#papers.acknowledged,
      verified: this.#verified,
    };
  }

  /** The last round in words, and what the service wrote. */
  account(): string {
    const { stdout = '', stderr = '', child } = this.#server?.command ?? {};
    return [
      ...this.#story,
      'Log:',
      ...stdout.split('\n').filter((line) => !line.includes('"msg":"request"')),
      stderr,
      `The service ended with ${child?.exitCode ?? child?.signalCode ?? 'nothing: it runs'}.`,
    ].join('\n');
  }

  /** Builds the corpus and measures a start with nothing to mend. */
  async begin(): Promise<void> {
    const papers = Array.from({ length: FIRST_PAPERS }, (_, paper) => this.#nextEdition(paper));
    this.#quietBuild = await timeOf(() => this.#build(papers).finished);
    for (const paper of papers) this.#papers.acknowledge(this.#papers.send(paper.id, stateOf(paper)));
    const server = this.#start();
    this.#quietStart = await server.ready();
    this.#window = WINDOW_MS + WINDOW_REBUILDS * (await timeOf(() => rebuilt(server)));
    await server.kill();
  }

  /** One kill, of one kind or another. */
  async round(): Promise<void> {
    this.#story = [];
    this.#keepCopy();
    const kind = this.#random();
    let phase: Phase;
    if (kind < 0.12) phase = await this.#killAtStart();
    else if (kind < 0.24) phase = await this.#killBuild();
    else if (kind < 0.32) phase = await this.#killRebuildProcess();
    else if (kind < 0.36) phase = await this.#killIdle();
    else phase = await this.#killServing();
    this.#phases[phase]++;
    this.kills++;
    if (this.kills % VERIFY_EVERY === 0) await this.#verify();
  }

  /** The last start and the last look. Ends what still runs. */
  async end(): Promise<void> {
    const server = await this.#startAndCheck();
    await server.kill();
    await this.#verify();
  }

  /** Ends what still runs after a failure. */
  async close(): Promise<void> {
    await this.#server?.kill();
  }

  async #killAtStart(): Promise<Phase> {
    const server = this.#start();
    const delay = this.#random() * this.#quietStart;
    this.#tell(`killing a service that starts, after ${delay} ms`);
    await pause(delay);
    await server.kill();
    return 'start-up';
  }

  async #killIdle(): Promise<Phase> {
    const server = await this.#startAndCheck();
    await rebuilt(server);
    this.#tell('killing a service that has nothing to do');
    await server.kill();
    return phaseAtDeath(this.#folder, 0);
  }

  async #killServing(): Promise<Phase> {
    const server = await this.#startAndCheck();
    const writing = new Writing(server, this.#papers, this.#editions, this.#random);
    const written = writing.run();
    written.catch(() => undefined);
    await Promise.race([this.#instant(), written]);
    const underWay = writing.underWay;
    const children = server.children();
    await server.kill();
    await written;
    await this.#orphansEnd(children);
    return phaseAtDeath(this.#folder, underWay);
  }

  /** A uniform instant of the window, or the first one after something short has begun. */
  async #instant(): Promise<void> {
    const at = this.#random();
    const sign = SIGNS[Math.floor(at * 2 * SIGNS.length)];
    if (sign === undefined) {
      const delay = this.#random() * this.#window;
      this.#tell(`killing a service ${delay} ms after the first write`);
      return pause(delay);
    }
    const delay = this.#random() * 15;
    this.#tell(`killing a service ${delay} ms after ${sign} changed`);
    return momentAfter(sign, this.#folder, delay, 2 * this.#window);
  }

  /** A build is all or nothing: its papers are all there, or none. */
  async #killBuild(): Promise<Phase> {
    const first = Math.floor(this.#random() * PAPERS);
    const papers = Array.from({ length: 10 }, (_, i) => this.#nextEdition((first + i) % PAPERS));
    const sent = papers.map((paper) => this.#papers.send(paper.id, stateOf(paper)));
    const delay = this.#random() * this.#quietBuild * 1.1;
    this.#tell(`killing a build of ${papers.map(({ title }) => title).join('; ')} after ${delay} ms`);
    const build = this.#build(papers);
    await Promise.race([pause(delay), build.finished]);
    build.kill('SIGKILL');
    const { code, signal, stderr } = await build.finished;
    assert.ok(code === 0 || signal === 'SIGKILL', `the build failed: ${stderr}`);
    for (const write of sent) {
      if (code === 0) this.#papers.acknowledge(write);
      else this.#papers.lose(write);
    }
    const server = await this.#startAndCheck();
    const done = sent.filter(({ id, state }) => this.#papers.certain(id) === state).length;
    assert.ok(
      done === 0 || done === sent.length,
      `${done} of ${sent.length} papers of a killed build are there`,
    );
    await server.kill();
    return 'build';
  }

  /** The service goes on, says that the rebuild failed, and the next one works. */
  async #killRebuildProcess(): Promise<Phase> {
    const server = await this.#startAndCheck();
    const writing = new Writing(server, this.#papers, this.#editions, this.#random);
    const written = writing.run();
    written.catch(() => undefined);
    await server.ask('POST', '/v1/admin/rebuild');
    let children: number[] = [];
    await until('a process that rebuilds', () => {
      children = server.children();
      return children.length > 0;
    });
    const delay = this.#random() * 500;
    this.#tell(`killing the processes ${children} of a rebuild after ${delay} ms`);
    await pause(delay);
    for (const child of children) if (isAlive(child)) process.kill(child, 'SIGKILL');
    writing.stop();
    await written;
    await rebuilt(server);
    await this.#check(server);
    await server.kill();
    return "rebuild's process";
  }

  async #startAndCheck(): Promise<ServedProcess> {
    const server = this.#start();
    const took = await server.ready();
    this.#restarts++;
    this.#longestStart = Math.max(this.#longestStart, took);
    const bound = Math.max(LEAST_START_MS, START_FACTOR * this.#quietStart);
    assert.ok(took <= bound, `the start took ${Math.round(took)} ms, and a quiet one ${this.#quietStart}`);
    await this.#check(server);
    return server;
  }

  #check(server: ServedProcess): Promise<void> {
    return checkAll(server, { papers: this.#papers, editions: this.#editions, random: this.#random });
  }

  #start(): ServedProcess {
    this.#server = new ServedProcess(this.#folder, ENVIRONMENT);
    return this.#server;
  }

  #build(papers: readonly MadePaper[]): RunningCommand {
    const work = dirname(this.#folder);
    const input = jsonFile(work, papers, 'input.jsonl');
    const env = { NEARPAPER_WORKERS: '1' };
    return new RunningCommand(['build', '--index', this.#folder, input], { cwd: work, env });
  }

  #nextEdition(paper: number): MadePaper {
    const edition = (this.#editions[paper] ?? 0) + 1;
    this.#editions[paper] = edition;
    return madePaper(paper, edition);
  }

  /** Nobody is to publish for the process that is gone, so nobody has to go on. */
  async #orphansEnd(children: readonly number[]): Promise<void> {
    await until('the end of a rebuild whose service was killed', () => !children.some(isAlive));
  }

  async #verify(): Promise<void> {
    const { code, stdout, stderr } = await runCommand(['verify', '--index', this.#folder]);
    assert.equal(code, 0, `nearpaper verify: ${stdout}${stderr}`);
    this.#verified++;
  }

  /** The folder as it was before the round, for who has to find out. */
  #keepCopy(): void {
    const copy = join(dirname(this.#folder), 'before');
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(copy);
    cpSync(this.#folder, copy, { recursive: true });
  }

  #tell(line: string): void {
    this.#story.push(`kill ${this.kills + 1}: ${line}`);
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Asks for a rebuild until one ends well. */
async function rebuilt(server: ServedProcess): Promise<void> {
  await server.ask('POST', '/v1/admin/rebuild');
  await until('the end of a rebuild', async () => {
    const { status, text } = await server.ask('GET', '/v1/admin/status');
    assert.equal(status, 200, text);
    const { rebuild } = JSON.parse(text);
    if (rebuild.state === 'failed') await server.ask('POST', '/v1/admin/rebuild');
    return rebuild.state === 'idle';
  });
}

export function describe({ phases, ...summary }: Summary): string[] {
  const { kills, restarts, quietStartMs, longestStartMs, acknowledged, verified } = summary;
  const where = Object.entries(phases).map(([phase, count]) => `${phase} ${count}`);
  return [
    `${kills} kills (${where.join(', ')})`,
    `${restarts} restarts, the longest ${longestStartMs} ms, a quiet one ${quietStartMs} ms`,
    `${acknowledged} acknowledged writes, lost 0, half 0`,
    `verified ${verified} times`,
  ];
}
