/**
 * Compiles further copies of hnswlib-node's addon, for processors with AVX2 (x86-64-v3) and AVX-512 (x86-64-v4), beside the
 * stock one, which stays as it is and is used wherever these cannot be. `nearpaper build` then makes the graph in 0.72 or
 * 0.6 of the time. Copies may be taken to another machine, as in a container image: each process looks at its processor
 * before it loads one (src/vectors/native-variant.ts).
 * Needs Linux on x64, a C++ compiler, make and Python, as the installation of hnswlib-node does.
 * Usage: node scripts/build-native.mjs    after the packages are installed
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The levels of src/vectors/native-variant.ts, which says all that they need; these flags tell which can be tried here. */
const VARIANTS = { 'x86-64-v3': ['avx2', 'fma', 'bmi2'], 'x86-64-v4': ['avx512f', 'avx512bw', 'avx512vl'] };

/** Builds a small graph and looks every point up: an addon that cannot run here ends this child, and nothing else. */
const PROBE = `
  const { HierarchicalNSW } = require(process.argv[1]);
  const graph = new HierarchicalNSW('ip', 384);
  graph.initIndex(500, 16, 200, 100);
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647 - 0.5;
  const vectors = Array.from({ length: 500 }, () => {
    const vector = Array.from({ length: 384 }, next);
    const norm = Math.hypot(...vector);
    return vector.map((x) => x / norm);
  });
  vectors.forEach((vector, label) => graph.addPoint(vector, label));
  graph.setEf(64);
  vectors.forEach((vector, label) => {
    const { neighbors, distances } = graph.searchKnn(vector, 1);
    if (neighbors[0] !== label || Math.abs(distances[0]) > 1e-5) throw new Error('point ' + label + ' is not found');
  });
`;

/** Whether what is compiled can be tried here; what could not be is not installed. */
function canTry(flags) {
  const processors = readFileSync('/proc/cpuinfo', 'latin1').match(/^flags\s*:.*$/gm) ?? [];
  return (
    processors.length > 0 &&
    processors.every((listed) => flags.every((flag) => listed.split(/\s+/).includes(flag)))
  );
}

function build(stock, variant) {
  const require = createRequire(join(stock, 'package.json'));
  const work = mkdtempSync(join(tmpdir(), 'nearpaper-native-'));
  try {
    for (const part of ['binding.gyp', 'package.json', 'src'])
      cpSync(join(stock, part), join(work, part), { recursive: true });
    mkdirSync(join(work, 'node_modules'));
    symlinkSync(
      dirname(require.resolve('node-addon-api/package.json')),
      join(work, 'node_modules', 'node-addon-api'),
      'dir',
    );
    process.stderr.write(`Compiling for ${variant} ...\n`);
    // Through npm, which brings node-gyp along. In that folder, not with --prefix, which would hide the machine's own npmrc.
    execFileSync('npm', ['run', 'rebuild'], {
      cwd: work,
      env: { ...process.env, CXXFLAGS: `${process.env.CXXFLAGS ?? ''} -march=${variant} -O3` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const built = join(work, 'build', 'Release', 'addon.node');
    execFileSync(process.execPath, ['-e', PROBE, built], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 60_000,
    });
    const target = join(stock, variant, 'addon.node');
    mkdirSync(dirname(target), { recursive: true });
    // Looked at before the copy is loaded. Written first: a copy without it, or with another's, is not used.
    writeFileSync(`${target}.sha256`, createHash('sha256').update(readFileSync(built)).digest('hex'));
    copyFileSync(built, `${target}.tmp`);
    renameSync(`${target}.tmp`, target);
    return target;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function main() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return [
      `Nothing to do: the copies are for Linux on x64, and this is ${process.platform} on ${process.arch}.`,
    ];
  }
  const stock = dirname(createRequire(import.meta.url).resolve('hnswlib-node/package.json'));
  return Object.entries(VARIANTS).map(([variant, flags]) =>
    canTry(flags)
      ? `Compiled and tried: ${build(stock, variant)}`
      : `Left out: this processor has no ${flags.join(', ')}, so a copy for ${variant} could not be tried here.`,
  );
}

try {
  process.stdout.write(`${main().join('\n')}\n`);
} catch (thrown) {
  process.stderr.write(`The copies could not be made: ${thrown.message}\nThe stock one is used as before.\n`);
  process.exitCode = 1;
}
