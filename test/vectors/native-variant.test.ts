import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { packageRoot } from '../../src/package-root.js';
import {
  loadVariant,
  type Machine,
  unfitness,
  VARIANTS,
  type Variant,
} from '../../src/vectors/native-variant.js';

/** What Linux says of an AMD Zen 4; the first levels' flags are left out but for a few. */
const V3 = 'fpu sse2 ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx f16c abm bmi1 avx2 bmi2';
const V4 = `${V3} avx512f avx512dq avx512cd avx512bw avx512vl`;

function linux(...processors: string[]): Machine {
  const cpuinfo = processors
    .map((flags, n) => `processor\t: ${n}\nflags\t\t: ${flags}\nbugs\t\t:\n\n`)
    .join('');
  return { platform: 'linux', arch: 'x64', cpuinfo };
}

const [V4_VARIANT, V3_VARIANT] = VARIANTS;

/** A stand-in for the package's folder; each copy is a CommonJS module under the addon's name. */
function folderWith(t: TestContext, copies: Partial<Record<Variant, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nearpaper-native-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [variant, content] of Object.entries(copies)) {
    const path = join(folder, variant, 'addon.node');
    mkdirSync(dirname(path));
    writeFileSync(path, content);
    writeFileSync(`${path}.sha256`, createHash('sha256').update(content).digest('hex'));
  }
  return folder;
}

describe('a processor', () => {
  it('runs a level of which it has every flag, on every core', () => {
    assert.equal(unfitness(V3_VARIANT, linux(V3)), null);
    assert.equal(unfitness(V3_VARIANT, linux(V4, V3)), null);
    assert.equal(unfitness(V4_VARIANT, linux(V4, V4)), null);
    assert.match(unfitness(V4_VARIANT, linux(V4, V3)) ?? '', /has no avx512f, avx512bw/);
    for (const flag of V3.split(' ').slice(V3.split(' ').indexOf('xsave'))) {
      const without = V3.replace(new RegExp(` ${flag}(?= |$)`), '');
      assert.match(unfitness(V3_VARIANT, linux(V3, without)) ?? '', new RegExp(`has no ${flag}$`), flag);
    }
  });

  it('runs none where nothing says what it can do, and where it is another kind', () => {
    assert.match(unfitness(V3_VARIANT, { ...linux(), cpuinfo: '' }) ?? '', /does not say/);
    assert.match(unfitness(V3_VARIANT, { ...linux(V4), arch: 'arm64' }) ?? '', /not linux on arm64/);
    assert.match(unfitness(V3_VARIANT, { ...linux(V4), platform: 'darwin' }) ?? '', /not darwin on x64/);
  });
});

describe('the copy of the addon for newer processors', () => {
  const garbage = Buffer.from('\u007fELF, or so it says');

  it('is absent until somebody makes it', async (t) => {
    assert.deepEqual(await loadVariant(folderWith(t, {}), linux(V4)), { kind: 'absent' });
  });

  it('is not touched on a processor that lacks an instruction', async (t) => {
    const folder = folderWith(t, { 'x86-64-v3': garbage });
    const load = await loadVariant(folder, linux('fpu sse2'));
    assert.ok(
      load.kind === 'unusable' && /x86-64-v3: the processor has no xsave, avx, /.test(load.reason),
      JSON.stringify(load),
    );
  });

  it('that does not load is a reason, not a failure', async (t) => {
    const folder = folderWith(t, { 'x86-64-v4': garbage, 'x86-64-v3': garbage });
    const load = await loadVariant(folder, linux(V4));
    assert.ok(load.kind === 'unusable', JSON.stringify(load));
    assert.match(load.reason, /x86-64-v4: .*; x86-64-v3: /);
  });

  // The stock copy stands in for one: cut short, it would end this process while it is loaded.
  it('that is cut short is not loaded', async (t) => {
    const stock = readFileSync(
      createRequire(import.meta.url).resolve('hnswlib-node/build/Release/addon.node'),
    );
    const folder = folderWith(t, { 'x86-64-v3': stock });
    writeFileSync(join(folder, 'x86-64-v3', 'addon.node'), stock.subarray(0, stock.length >> 1));
    const load = await loadVariant(folder, linux(V3));
    assert.ok(load.kind === 'unusable' && /the copy is damaged/.test(load.reason), JSON.stringify(load));
  });

  it('is not loaded where nothing says what was compiled', async (t) => {
    const folder = folderWith(t, { 'x86-64-v3': 'module.exports = {};' });
    rmSync(join(folder, 'x86-64-v3', 'addon.node.sha256'));
    const load = await loadVariant(folder, linux(V3));
    assert.ok(load.kind === 'unusable' && /sha256/.test(load.reason), JSON.stringify(load));
  });
});

it('the script that compiles the copies knows the same levels', () => {
  const script = readFileSync(join(packageRoot(), 'scripts', 'build-native.mjs'), 'utf8');
  for (const variant of VARIANTS) assert.ok(script.includes(`'${variant}'`), variant);
});
