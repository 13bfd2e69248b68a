/** The files that `nearpaper sync` follows, as they are at one moment, and what is different at another. */
import { stat } from 'node:fs/promises';
import { emptyFolders, expandInputs, type Input } from '../build/inputs.js';
import { messageOf, NearpaperError, systemCode } from '../errors.js';

export interface SourceFiles {
  /** By path: size, times of the last changes of content and of permissions in ns, inode. One that differs in none of them is taken for unchanged. */
  files: ReadonlyMap<string, string>;
  /** Of the names, the folders in which there is no file. */
  emptyFolders: readonly string[];
  /** Differs once a name stands for another folder or file than before: one that was mounted, or made anew. */
  identity: string;
}

export interface FileChanges {
  added: number;
  changed: number;
  gone: number;
}

/** Files whose state is asked for at once. */
const AT_ONCE = 64;

/** Errors: `input_unreadable` when one of the names cannot be looked at. */
export async function lookAt(names: readonly string[], indexFolder: string): Promise<SourceFiles> {
  try {
    const identity = await identityOf(names);
    const inputs = await expandInputs(names, indexFolder);
    const files = new Map<string, string>();
    const found: Input[] = [];
    for (let begin = 0; begin < inputs.length; begin += AT_ONCE) {
      const some = inputs.slice(begin, begin + AT_ONCE);
      const states = await Promise.all(some.map(({ path }) => stateOf(path)));
      for (const [i, input] of some.entries()) {
        const state = states[i] ?? null;
        if (state === null) continue;
        files.set(input.path, state);
        found.push(input);
      }
    }
    return { files, identity, emptyFolders: emptyFolders(names, found) };
  } catch (thrown) {
    if (thrown instanceof NearpaperError || systemCode(thrown) === undefined) throw thrown;
    throw new NearpaperError('input_unreadable', `Cannot look at the files: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  }
}

/** `before`: null where there was nothing. */
export function changesSince(before: SourceFiles | null, now: SourceFiles): FileChanges {
  const changes: FileChanges = { added: 0, changed: 0, gone: 0 };
  for (const [path, state] of now.files) {
    const stateBefore = before?.files.get(path);
    if (stateBefore === undefined) changes.added++;
    else if (stateBefore !== state) changes.changed++;
  }
  changes.gone = (before?.files.size ?? 0) - (now.files.size - changes.added);
  return changes;
}

export function isSame(before: SourceFiles | null, now: SourceFiles): boolean {
  const { added, changed, gone } = changesSince(before, now);
  return before !== null && added + changed + gone === 0;
}

async function identityOf(names: readonly string[]): Promise<string> {
  const found = await Promise.all(names.map((name) => stat(name, { bigint: true })));
  // With the time of birth, since an inode that was freed is soon given to another.
  return found.map(({ dev, ino, birthtimeNs }) => `${dev}:${ino}:${birthtimeNs}`).join(' ');
}

/** Null for what went meanwhile, a link that leads nowhere, and a link to a folder. */
async function stateOf(path: string): Promise<string | null> {
  try {
    const found = await stat(path, { bigint: true });
    return found.isFile() ? `${found.size} ${found.mtimeNs} ${found.ctimeNs} ${found.ino}` : null;
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT' || systemCode(thrown) === 'ELOOP') return null;
    throw thrown;
  }
}
