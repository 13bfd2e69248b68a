/** Events of the file system for `nearpaper sync`: they only say that it is time to look. */
import { realpathSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';

export interface WatchListeners {
  /** Something changed, or may have before the watch was complete. */
  onChange: () => void;
  /** Told the first failure of a watch: where the system watches no more, each file fails. */
  onError: (thrown: unknown) => void;
}

export class SourceWatch {
  readonly #names: readonly string[];
  readonly #listeners: WatchListeners;
  #watcher: FSWatcher;

  constructor(names: readonly string[], listeners: WatchListeners) {
    this.#names = names;
    this.#listeners = listeners;
    this.#watcher = this.#begin();
  }

  /** Watches what the names stand for now: a folder that was mounted, or made anew, is another one to the system. */
  async renew(): Promise<void> {
    await this.#watcher.close();
    this.#watcher = this.#begin();
  }

  async close(): Promise<void> {
    await this.#watcher.close();
  }

  #begin(): FSWatcher {
    const names = new Set(this.#names.map(realPathOf));
    const { onChange, onError } = this.#listeners;
    return watch([...names], {
      ignoreInitial: true,
      // Links to folders are no input.
      followSymlinks: false,
      // As the names are expanded: what begins with a dot is no input.
      ignored: (path) => !names.has(resolve(path)) && basename(path).startsWith('.'),
    })
      .on('all', onChange)
      .on('ready', onChange)
      .once('error', onError)
      .on('error', () => undefined);
  }
}

/** The path as it is where nothing is there. */
function realPathOf(name: string): string {
  try {
    return realpathSync(name);
  } catch {
    return resolve(name);
  }
}
