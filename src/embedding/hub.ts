import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import { TOKENIZER_FILES, weightFiles } from './description.js';
import { isFolder } from './model-files.js';
import { ONNX_FILES } from './unpinned-model.js';

/** Where models are downloaded from, unless a test says otherwise. */
export const HUB = 'https://huggingface.co';

/** A hub that sends nothing for this long sends nothing more; a slow one may take as long as it needs. */
const STALL_MS = 60_000;

export interface Download {
  hub: string;
  signal: AbortSignal | undefined;
  stallMs: number | undefined;
}

const REQUIRED = ['config.json', ...TOKENIZER_FILES];
const OPTIONAL = [
  'modules.json',
  '1_Pooling/config.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
];

/** `organisation/name`, each of letters, digits, dots, dashes and underscores, neither beginning with a dot. */
export function isHubId(setting: string): boolean {
  return /^[A-Za-z0-9_-][\w.-]*\/[A-Za-z0-9_-][\w.-]*$/.test(setting);
}

/** Where a downloaded model lies, whether or not it is there yet. */
export function cachedFolder(id: string, cacheDir: string): string {
  return join(cacheDir, id);
}

/**
 * Downloads a model's files into `cacheDir` and returns its folder. The folder appears complete or not at all.
 * Not left to Transformers.js: it would leave out the files that state pooling and prefixes, and no worker
 * needs the network this way.
 * Errors: `model_missing` when the hub cannot be reached, stalls, has no such model, or the folder cannot be
 * written; `cancelled` when the signal aborts.
 */
export async function downloadModel(id: string, cacheDir: string, download: Download): Promise<string> {
  const { hub, signal } = download;
  const folder = cachedFolder(id, cacheDir);
  let staging: string | undefined;
  try {
    await mkdir(dirname(folder), { recursive: true });
    staging = await mkdtemp(join(dirname(folder), '.download-'));
    await fetchFiles(new URL(`${id}/resolve/main/`, `${hub}/`), staging, download);
    await moveIntoPlace(staging, folder);
    return folder;
  } catch (thrown) {
    if (signal?.aborted) {
      throw new NearpaperError('cancelled', `Stopped before the model ${id} was downloaded.`, {
        cause: thrown,
      });
    }
    throw new NearpaperError(
      'model_missing',
      `The model ${id} could not be downloaded from ${hub} to ${cacheDir}: ${reasonOf(thrown)}. ` +
        'Check the network and the folder, or name a vendored model or a folder.',
      { cause: thrown },
    );
  } finally {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true });
  }
}

async function fetchFiles(base: URL, folder: string, download: Download): Promise<void> {
  const fetched = (file: string) => fetchFile(new URL(file, base), join(folder, file), download);
  for (const file of REQUIRED) {
    if (!(await fetched(file))) throw absentOnHub(base, file);
  }
  for (const file of OPTIONAL) await fetched(file);
  for (const [file] of ONNX_FILES) {
    if (!(await fetched(file))) continue;
    await fetched(weightFiles(file)[1]);
    return;
  }
  throw absentOnHub(base, 'ONNX export');
}

/** False when the hub has no such file. */
async function fetchFile(url: URL, path: string, download: Download): Promise<boolean> {
  const { signal: stop, stallMs = STALL_MS } = download;
  const stall = new AbortController();
  const timer = setTimeout(() => {
    stall.abort(new Error(`${url.href} sent nothing for ${stallMs / 1000} s`));
  }, stallMs);
  const signal = stop === undefined ? stall.signal : AbortSignal.any([stop, stall.signal]);
  try {
    const response = await fetch(url, { signal });
    if (response.status === 404) {
      await response.body?.cancel();
      return false;
    }
    if (!response.ok || response.body === null) {
      // The hub answers 401 for a repository that does not exist as well as for a private one.
      throw new Error(`${url.href} answered ${response.status}, the model may not exist or not be public`);
    }
    await mkdir(dirname(path), { recursive: true });
    const noted = async function* (pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        timer.refresh();
        yield piece;
      }
    };
    await pipeline(Readable.fromWeb(response.body), noted, createWriteStream(path), { signal });
    return true;
  } catch (thrown) {
    // What a stream says of an abort is only that there was one.
    throw stall.signal.aborted ? stall.signal.reason : thrown;
  } finally {
    clearTimeout(timer);
  }
}

async function moveIntoPlace(staging: string, folder: string): Promise<void> {
  try {
    await rename(staging, folder);
  } catch (thrown) {
    // Another process finished the same download first: its files are as good.
    if (!(await isFolder(folder))) throw thrown;
  }
}

function absentOnHub(base: URL, file: string): Error {
  return new Error(`${base.href} has no ${file}, so this is no model that can be run here`);
}

/** fetch says only "fetch failed"; what happened is in its cause. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause === undefined
    ? messageOf(thrown)
    : `${messageOf(thrown)} (${messageOf(cause) || systemCode(cause)})`;
}
