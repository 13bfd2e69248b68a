import { createEmbedder } from '../../src/embedding/pool.js';
import { vendored } from '../embedding/vendored.js';
import { embedderContract } from './embedder.js';

embedderContract({
  name: 'worker pool with all-MiniLM-L6-v2',
  dimensions: 384,
  wordsBeyondWindow: 512,
  queriesDiffer: false,
  create: async (options) => createEmbedder(await vendored('all-MiniLM-L6-v2'), options),
});

embedderContract({
  name: 'worker pool with bge-small-en-v1.5',
  dimensions: 384,
  wordsBeyondWindow: 512,
  queriesDiffer: true,
  create: async (options) => createEmbedder(await vendored('bge-small-en-v1.5'), options),
});
