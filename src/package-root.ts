import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of the installed package: where `models/` and package.json lie. Found by walking up from this
 * file, since sources run from dist/src and tests from dist/test.
 * Errors: a plain Error when no such folder exists, which means a broken installation.
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (packageName(folder) === 'nearpaper') return folder;
    const parent = dirname(folder);
    if (parent === folder) throw new Error('No package.json of nearpaper above its own code.');
    folder = parent;
  }
}

function packageName(folder: string): unknown {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof parsed === 'object' && parsed !== null && 'name' in parsed ? parsed.name : undefined;
  } catch {
    // No package.json here, or not a readable one: look further up.
    return undefined;
  }
}
