/**
 * Compiles the kernels, the loops that run as WebAssembly with SIMD, from AssemblyScript:
 *   node scripts/build-kernels.mjs [folder of compiled code, dist when absent]
 * `src/<room>/kernel/index.ts` becomes `<folder>/src/<room>/kernel.wasm`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = resolve(process.argv[2] ?? join(root, 'dist'));
for (const room of readdirSync(join(root, 'src'))) {
  const source = join('src', room, 'kernel', 'index.ts');
  if (!existsSync(join(root, source))) continue;
  const folder = join(target, 'src', room);
  await mkdir(folder, { recursive: true });
  // No runtime: kernels allocate nothing, they work in memory that their caller lays out.
  const { error, stderr } = await asc.main(
    [source, '--outFile', join(folder, 'kernel.wasm'), '--baseDir', root, '-O3', '--noAssert'].concat([
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--importMemory',
    ]),
  );
  if (error === null) continue;
  process.stderr.write(stderr.toString());
  process.exit(1);
}
