/** The loops that run as WebAssembly with SIMD (kernel/, AssemblyScript) and the memory that they work in. */
import { NearpaperError } from '../errors.js';
import { MOST_PAGES, newMemory, openKernel, PAGE_BYTES } from '../web-assembly.js';

/** A number that the kernel exports. */
interface KernelVariable {
  readonly value: number;
}

/** What kernel/index.ts exports; each function is described there. Addresses are bytes from the start of its memory. */
export interface Kernel {
  useRows(...layout: RowLayout): void;
  useGraph(...layout: GraphLayout): void;
  quantise(): void;
  storeRow(row: number): void;
  scan(from: number, most: number, k: number, kept: number): number;
  readonly next: KernelVariable;
  sort(kept: number): void;
  score(list: number, amount: number): void;
  /** `filtered`: 1 or 0. */
  walk(ef: number, filtered: number, budget: number): number;
  readonly visited: KernelVariable;
}

/** The arguments of `useRows`, in its order (kernel/memory.ts). */
export type RowLayout = [
  count: number,
  stride: number,
  high: number,
  low: number,
  scales: number,
  floats: number,
  query: number,
  filter: number,
  rows: number,
  similarities: number,
];

/** The arguments of `useGraph`, in its order (kernel/memory.ts). */
export type GraphLayout = [
  M: number,
  entry: number,
  top: number,
  links: number,
  firstLists: number,
  lists: number,
  stamps: number,
  candidates: number,
  nearest: number,
  fresh: number,
];

/** What begins at a multiple of this begins in a cache line of its own. */
const ALIGNMENT = 64;

/** `bytes` rounded up to whole cache lines. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Zeros from there up to the next cache line. */
export function paddingAfter(bytes: number): Uint8Array {
  return new Uint8Array(aligned(bytes) - bytes);
}

const KERNEL = new URL('./kernel.wasm', import.meta.url);

/** The kernel in a memory of its own. What is allocated begins at a cache line, is 0 and is never given back. */
export class KernelMemory {
  readonly kernel: Kernel;
  /** As many as 4.5 million vectors of 384 dimensions with their graph take. */
  readonly #memory = newMemory(1, MOST_PAGES);
  /** Address 0 stays free: nothing is where a forgotten address points to. */
  #used = ALIGNMENT;

  /** Errors: `native_module` on a processor that cannot run it. */
  constructor() {
    // The build makes both from the same folder.
    this.kernel = openKernel(KERNEL, this.#memory) as Kernel;
  }

  /** The memory as it is now: views of it end with the next `allocate`. */
  get buffer(): ArrayBuffer {
    return this.#memory.buffer;
  }

  /** The address of `bytes` zeros. Errors: `config_invalid` when there is no memory for them. */
  allocate(bytes: number): number {
    const address = this.#used;
    const end = address + aligned(bytes);
    const pages = Math.ceil(end / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    try {
      if (end > MOST_PAGES * PAGE_BYTES) throw new RangeError('an index takes at most 4 GiB');
      if (pages > 0) this.#memory.grow(pages);
    } catch (cause) {
      const message = `There is no memory for a vector index of ${Math.ceil(end / 2 ** 20)} MiB.`;
      throw new NearpaperError('config_invalid', message, { cause });
    }
    this.#used = end;
    return address;
  }
}
