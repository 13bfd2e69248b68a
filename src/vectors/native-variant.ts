/**
 * Further copies of hnswlib-node's addon, compiled for newer processors: a graph is built in 0.72 of the time with AVX2,
 * in 0.6 with AVX-512. The stock copy runs on every processor and stays where npm put it; these lie beside it, so npm
 * removes them with the package and they never differ from it in version. They are made by scripts/build-native.mjs on
 * request, and loaded only on a processor that says it has what the compiler was allowed to use: an instruction that a
 * processor lacks would end the process.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.js';

/**
 * Levels of the x86-64 psABI, which GCC and Clang know by these names, the best first: AVX-512, and AVX2 with FMA and what
 * came with them.
 */
export const VARIANTS = ['x86-64-v4', 'x86-64-v3'] as const;

export type Variant = (typeof VARIANTS)[number];

/** The flags of a level as Linux spells them in /proc/cpuinfo; `abm` is LZCNT. Levels 1 and 2 are implied by AVX2. */
const V3_FLAGS = ['xsave', 'avx', 'f16c', 'abm', 'bmi1', 'avx2', 'bmi2', 'fma', 'movbe'];
const NEEDED: Record<Variant, readonly string[]> = {
  'x86-64-v3': V3_FLAGS,
  'x86-64-v4': [...V3_FLAGS, 'avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'],
};

/** What the process runs on. */
export interface Machine {
  platform: NodeJS.Platform;
  arch: string;
  /** The content of /proc/cpuinfo; empty where there is none. */
  cpuinfo: string;
}

/**
 * Why this machine cannot run a copy, or null when it can. Only Linux says which features its kernel has switched on, and
 * every processor that it lists must have them all: a thread may be moved to any.
 */
export function unfitness(variant: Variant, { platform, arch, cpuinfo }: Machine): string | null {
  if (platform !== 'linux' || arch !== 'x64') return `it is for Linux on x64, not ${platform} on ${arch}`;
  const processors = [...cpuinfo.matchAll(/^flags\s*:(.*)$/gm)].map(
    ([, flags = '']) => new Set(flags.trim().split(/\s+/)),
  );
  if (processors.length === 0) return 'the processor does not say what it can do';
  const missing = NEEDED[variant].filter((flag) => !processors.every((flags) => flags.has(flag)));
  return missing.length === 0 ? null : `the processor has no ${missing.join(', ')}`;
}

export async function thisMachine(): Promise<Machine> {
  const { platform, arch } = process;
  // No such file but on Linux.
  return { platform, arch, cpuinfo: await readFile('/proc/cpuinfo', 'latin1').catch(() => '') };
}

export type VariantLoad =
  | { kind: 'loaded'; variant: Variant; module: unknown }
  /** Nobody asked for one: the stock copy is meant to be used. */
  | { kind: 'absent' }
  /** There is one, or more, and none can be used here; the stock copy can. */
  | { kind: 'unusable'; reason: string };

/**
 * Loads the best copy that is there and that this machine can run. Never throws. Of all copies, stock or not, only one is
 * to be loaded in a process. `folder`: that of hnswlib-node.
 */
export async function loadVariant(folder = hnswlibFolder(), machine?: Machine): Promise<VariantLoad> {
  const reasons: string[] = [];
  for (const variant of VARIANTS) {
    const path = join(folder ?? '', variant, 'addon.node');
    // Looked for first: a machine without copies shall not be described as lacking anything.
    if (folder === null || !existsSync(path)) continue;
    const unfit = unfitness(variant, machine ?? (await thisMachine())) ?? (await damageOf(path));
    if (unfit === null) {
      try {
        const module: unknown = createRequire(import.meta.url)(path);
        return { kind: 'loaded', variant, module };
      } catch (thrown) {
        reasons.push(`${variant}: ${messageOf(thrown).split('\n', 1)[0]}`);
      }
    } else reasons.push(`${variant}: ${unfit}`);
  }
  return reasons.length === 0 ? { kind: 'absent' } : { kind: 'unusable', reason: reasons.join('; ') };
}

/**
 * Why the copy is not the one that was compiled, or null when it is: where a part of an addon is missing, loading it ends
 * the process. Beside it lies its SHA-256 in hexadecimal.
 */
async function damageOf(path: string): Promise<string | null> {
  try {
    const [addon, recorded] = await Promise.all([readFile(path), readFile(`${path}.sha256`, 'latin1')]);
    if (createHash('sha256').update(addon).digest('hex') === recorded.trim()) return null;
    return 'the copy is damaged; scripts/build-native.mjs makes it anew';
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** The folder of hnswlib-node as this program resolves it; null when it is not installed. */
function hnswlibFolder(): string | null {
  try {
    // Its entry is lib/index.js.
    return dirname(dirname(fileURLToPath(import.meta.resolve('hnswlib-node'))));
  } catch {
    return null;
  }
}
