import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LabelSet, LabelSetBuilder, ones } from '../src/label-set.js';

/** Near each other, so that sets have labels in common, and on both sides of the borders of words. */
const label = fc.oneof(fc.nat(70), fc.nat(3000), fc.constantFrom(31, 32, 63, 64, 2_000_000));
const labels = fc.array(label, { maxLength: 200 });

const ascending = (list: Iterable<number>) => [...new Set(list)].sort((a, b) => a - b);

describe('LabelSet', () => {
  it('holds what it was made of, once, in ascending order', () => {
    fc.assert(
      fc.property(labels, fc.array(label), (list, others) => {
        const set = LabelSet.of(list);
        assert.deepEqual([...set], ascending(list));
        assert.equal(set.size, new Set(list).size);
        for (const one of [...list, ...others]) assert.equal(set.has(one), list.includes(one), `${one}`);
        assert.deepEqual([...LabelSet.of(new Set(list))], [...set]);
        assert.deepEqual([...LabelSet.of(Uint32Array.from(list))], [...set]);
      }),
    );
  });

  it('gives the labels from any one on', () => {
    fc.assert(
      fc.property(labels, fc.oneof(label, fc.constantFrom(2 ** 32, 2 ** 40, 1e15)), (list, first) => {
        assert.deepEqual(
          [...LabelSet.of(list).from(first)],
          ascending(list).filter((one) => one >= first),
        );
      }),
    );
  });

  it('gives 32 labels from any one on as bits', () => {
    fc.assert(
      fc.property(labels, fc.oneof(label, fc.constantFrom(0xffff_ffe0, 0xffff_ffff)), (list, first) => {
        const bits = LabelSet.of(list).bitsFrom(first);
        const wanted = list.filter((one) => one >= first && one < first + 32);
        assert.ok(bits >= 0 && Number.isInteger(bits));
        for (let at = 0; at < 32; at++) {
          assert.equal(((bits >>> at) & 1) === 1, wanted.includes(first + at), `${first + at}`);
        }
        assert.equal(ones(bits), new Set(wanted).size);
      }),
    );
    assert.equal(LabelSet.of([0xffff_ffff]).bitsFrom(0xffff_ffe1), 2 ** 30);
  });

  it('intersects and subtracts as sets do, and changes neither', () => {
    fc.assert(
      fc.property(labels, labels, (some, others) => {
        const [a, b] = [LabelSet.of(some), LabelSet.of(others)];
        const both = ascending(some).filter((one) => others.includes(one));
        assert.deepEqual([...a.and(b)], both);
        assert.equal(a.and(b).size, both.length);
        assert.deepEqual(
          [...a.without(b)],
          ascending(some).filter((one) => !others.includes(one)),
        );
        assert.deepEqual([[...a], [...b]], [ascending(some), ascending(others)]);
      }),
    );
  });

  it('gives its bits from any label on, over whatever was there', () => {
    fc.assert(
      fc.property(labels, fc.nat(200), fc.integer({ min: 0, max: 6 }), (list, first, words) => {
        const set = LabelSet.of(list);
        const target = new Uint32Array(words).fill(0xffff_ffff);
        set.copyFrom(first, target);
        assert.deepEqual(
          [...target],
          Array.from(target, (_, at) => set.bitsFrom(first + 32 * at) >>> 0),
        );
      }),
    );
  });

  it('may be empty', () => {
    const none = LabelSet.of([]);
    assert.deepEqual([none.size, [...none], none.has(0), none.has(40)], [0, [], false, false]);
    assert.equal(new LabelSetBuilder(-1).build().size, 0);
  });

  it('holds the largest label there is', () => {
    const largest = LabelSet.of([0xffff_ffff]);
    assert.deepEqual([largest.size, largest.has(0xffff_ffff), largest.has(0)], [1, true, false]);
    assert.deepEqual([...largest.from(0xffff_fff0)], [0xffff_ffff]);
  });

  it('refuses numbers that are no labels', () => {
    for (const none of [-1, 0.5, Number.NaN, 2 ** 32, Number.POSITIVE_INFINITY]) {
      assert.throws(() => LabelSet.of([1, none]), RangeError, `${none}`);
    }
  });

  it('is made label by label, too', () => {
    fc.assert(
      fc.property(labels, (list) => {
        const made = new LabelSetBuilder(Math.max(-1, ...list));
        for (const one of list) made.add(one);
        assert.deepEqual([...made.build()], ascending(list));
      }),
    );
  });
});
