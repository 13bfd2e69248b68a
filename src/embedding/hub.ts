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
 * Errors: `model_missing` when the hub cannot be reached, has no such model, or the folder cannot be written.
 */
export async function downloadModel(id: string, cacheDir: string, hub: string): Promise<string> {
  const folder = cachedFolder(id, cacheDir);
  let staging: string | undefined;
  try {
    await mkdir(dirname(folder), { recursive: true });
    staging = await mkdtemp(join(dirname(folder), '.download-'));
    await fetchFiles(new URL(`${id}/resolve/main/`, `${hub}/`), staging);
    await moveIntoPlace(staging, folder);
    return folder;
  } catch (thrown) {
    if (thrown instanceof NearpaperError) throw thrown;
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

async function fetchFiles(base: URL, folder: string): Promise<void> {
  for (const file of REQUIRED) {
    if (!(await fetchFile(base, file, folder))) throw absentOnHub(base, file);
  }
  for (const file of OPTIONAL) await fetchFile(base, file, folder);
  for (const [file] of ONNX_FILES) {
    if (!(await fetchFile(base, file, folder))) continue;
    await fetchFile(base, weightFiles(file)[1], folder);
    return;
  }
  throw absentOnHub(base, 'ONNX export');
}

/** False when the hub has no such file. */
async function fetchFile(base: URL, file: string, folder: string): Promise<boolean> {
  const url = new URL(file, base);
  const response = await fetch(url);
  if (response.status === 404) return false;
  if (!response.ok || response.body === null) {
    // The hub answers 401 for a repository that does not exist as well as for a private one.
    throw new Error(`${url.href} answered ${response.status}, the model may not exist or not be public`);
  }
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  await pipeline(Readable.fromWeb(response.body), createWriteStream(path));
  return true;
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
