/** WebAssembly as far as the kernels of search need it, with the error that a processor too old for them deserves. */
import { readFileSync } from 'node:fs';
import { messageOf, NearpaperError } from './errors.js';

export const PAGE_BYTES = 65_536;
/** 4 GiB, as far as 32-bit addresses reach. */
export const MOST_PAGES = 65_536;

/** Memory that a kernel works in. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Detaches the buffer of before; its content is in the new one, and what is new is 0. */
  grow(pages: number): number;
}

/** The few parts of the standard's interface that are used: TypeScript has it among the types of browsers alone. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: { env: { memory: WasmMemory } }) => { readonly exports: unknown };
  Memory: new (pages: { initial: number; maximum: number }) => WasmMemory;
};

/** Modules by address: compiled once in a process, however many indexes it opens. */
const compiled = new Map<string, object>();

/** Memory of so many pages, all 0. Throws a RangeError when there is none. */
export function newMemory(initial: number, maximum: number): WasmMemory {
  return new WebAssembly.Memory({ initial, maximum });
}

/**
 * What the kernel at `url` exports, working in `memory`. Errors: `native_module` on a processor without the instructions
 * for 128-bit vectors that Node asks for.
 */
export function openKernel(url: URL, memory: WasmMemory): unknown {
  let module = compiled.get(url.href);
  if (module === undefined) {
    const bytes = readFileSync(url);
    try {
      module = new WebAssembly.Module(bytes);
    } catch (cause) {
      throw new NearpaperError(
        'native_module',
        `This processor cannot run the loops that search (${messageOf(cause)}). They need SSE4.1 on x64, which every ` +
          'processor since 2013 has: in a virtual machine, give it the CPU model of its host.',
        { cause },
      );
    }
    compiled.set(url.href, module);
  }
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}
