import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SeenLabels } from '../../src/papers/seen-labels.js';

test('seen labels are as a set of numbers is', () => {
  const label = fc.oneof(fc.nat(100), fc.nat(200_000));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), label), { maxLength: 60 }), (steps) => {
      const seen = new SeenLabels();
      const model = new Set<number>();
      for (const [adds, at] of steps) {
        if (adds) {
          seen.add(at);
          model.add(at);
        } else {
          seen.delete(at);
          model.delete(at);
        }
        assert.equal(seen.size, model.size);
      }
      for (const [, at] of steps)
        for (const near of [at - 1, at, at + 1, at + 32])
          if (near >= 0) assert.equal(seen.has(near), model.has(near));
    }),
  );
});
