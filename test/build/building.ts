/** Real builds of small corpora in temporary folders: the vendored model, the real index, the real command. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { build } from '../../src/build/build.js';
import type { BuildEvent, BuildResult } from '../../src/build/progress.js';
import type { BuildRequest } from '../../src/build/request.js';
import { readConfig } from '../../src/config.js';
import { type ModelDescription, resolveModel } from '../../src/embedding/model.js';
import type { ErrorCode, NearpaperError } from '../../src/errors.js';
import { openPublished } from '../../src/open-corpus.js';
import { packageRoot } from '../../src/package-root.js';
import type { PaperInput } from '../../src/papers/paper.js';

export const SAMPLE = join(packageRoot(), 'index-data', 'sample-page.txt');
export const CLI = join(packageRoot(), 'dist', 'src', 'cli.js');

/** Whatever can undo something when it ends: a test, or a suite's `after`. */
export interface Scope {
  after(undo: () => void | Promise<void>): void;
}

/** A folder that goes when the scope ends. */
export function temporaryFolder(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'nearpaper-build-'));
  scope.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const SUBJECTS = [
  'graphs',
  'proteins',
  'robots',
  'speech',
  'weather',
  'code',
  'chess',
  'traffic',
  'music',
  'law',
];

/** Papers `from` to `from + count - 1`, each with an id, a title and a short text of its own. */
export function papersFrom(from: number, count: number): PaperInput[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const subject = SUBJECTS[n % SUBJECTS.length];
    return { id: `p${n}`, title: `Study ${n} of ${subject}`, abstract: `We look at ${subject}, part ${n}.` };
  });
}

export function jsonLines(papers: readonly unknown[]): string {
  return papers.map((paper) => `${JSON.stringify(paper)}\n`).join('');
}

/** Writes papers as JSON lines and gives the path. */
export function jsonFile(folder: string, papers: readonly unknown[], name = 'papers.jsonl'): string {
  const path = join(folder, name);
  writeFileSync(path, jsonLines(papers));
  return path;
}

const models = new Map<string, Promise<ModelDescription>>();

/** Finds a model once a process: checking its files takes longer than the small builds of these tests. */
export function findModel(setting: string): Promise<ModelDescription> {
  const found =
    models.get(setting) ??
    resolveModel(setting, {
      modelsDir: join(packageRoot(), 'models'),
      allowDownload: false,
      cacheDir: join(tmpdir(), 'nearpaper-unused'),
    });
  models.set(setting, found);
  return found;
}

export type Built = BuildResult & { events: BuildEvent[]; notes: string[] };

/** Runs one build in this process. */
export async function runBuild(
  indexFolder: string,
  inputs: readonly string[],
  choice: Partial<BuildRequest> = {},
): Promise<Built> {
  const events: BuildEvent[] = [];
  const result = await build({
    indexFolder,
    inputs,
    stdin: Readable.from([]),
    format: undefined,
    strict: false,
    prune: false,
    force: false,
    fresh: false,
    sample: false,
    model: null,
    resolveModel: findModel,
    workers: 1,
    signal: new AbortController().signal,
    ...choice,
    onEvent: (event) => {
      events.push(event);
      choice.onEvent?.(event);
    },
  });
  const notes = events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
  return { ...result, events, notes };
}

/** For assert.rejects: a failure with this code, whose message matches. */
export function failure(code: ErrorCode, message: RegExp): (thrown: NearpaperError) => boolean {
  return (thrown) => {
    if (thrown.code === code && message.test(thrown.message)) return true;
    throw thrown;
  };
}

/**
 * Digest of every file below a folder, by relative path: equal where nothing changed. The lock's two files are left
 * out; reading the lock in the process that holds it would release it.
 */
export function snapshot(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    if (/^(writer|building)\./.test(name) || !statSync(path).isFile()) continue;
    files.set(name, createHash('sha256').update(readFileSync(path)).digest('hex'));
  }
  return files;
}

/** The folder of the generation that is published. */
export function currentFolder(indexFolder: string): string {
  return join(indexFolder, readFileSync(join(indexFolder, 'CURRENT'), 'utf8').trim());
}

export function readCurrent(indexFolder: string, file: string): Buffer {
  return readFileSync(join(currentFolder(indexFolder), file));
}

/** A copy of an index, to be damaged or built upon. */
export function copyOf(indexFolder: string, scope: Scope): string {
  const copy = join(temporaryFolder(scope), 'index');
  cpSync(indexFolder, copy, { recursive: true });
  return copy;
}

export function configFor(indexFolder: string, settings: Record<string, string> = {}) {
  return readConfig({ NEARPAPER_INDEX: indexFolder, NEARPAPER_WORKERS: '1', ...settings });
}

/** How many papers the published index answers from, all of its files opened and checked. */
export async function servedPapers(indexFolder: string): Promise<number> {
  const { generation } = await openPublished(configFor(indexFolder));
  const { size } = generation.vectors;
  await generation.close();
  return size;
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** What a child process is told from outside. */
export interface ChildOptions {
  environment?: Record<string, string>;
  input?: string;
  /** Where it runs; the folder for temporary files if not said. */
  cwd?: string;
  /** Sees each line of standard error while the process runs. */
  onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs `nearpaper` as its users do, in a process of its own. */
export async function runCommand(args: readonly string[], options: ChildOptions = {}): Promise<Finished> {
  const { environment = {}, input = '', cwd = tmpdir(), onLine } = options;
  const inherited = { PATH: process.env.PATH, HOME: process.env.HOME, NEARPAPER_WORKERS: '1' };
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { ...inherited, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // It may end without reading all of it.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const lines: string[] = [];
  const reading = createInterface(child.stderr);
  reading.on('line', (line) => {
    lines.push(line);
    onLine?.(line, (signal) => child.kill(signal));
  });
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('close', (code, signal) => resolve([code, signal]));
  });
  const [stdout, [code, signal]] = await Promise.all([text(child.stdout), ended]);
  return { code, signal, stdout, stderr: lines.join('\n') };
}
