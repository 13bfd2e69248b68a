/** What src/vectors/kernel.ts calls: search over quantised vectors, as WebAssembly with SIMD (see docs/adr/0017). */
export { sort } from './best';
export { useGraph, useRows } from './memory';
export { quantise, storeRow } from './quantise';
export { next, scan } from './scan';
export { score, touched } from './similarity';
export { visited, walk } from './walk';
