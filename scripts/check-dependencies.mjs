// Whether what is installed for production may be shipped: its licences, and what is known against it.
// Usage: node scripts/check-dependencies.mjs [folder of package-lock.json]
// Exits 1 for a licence that is not in the list below, and for advisories of severity high or critical. The registry is
// asked for advisories where it can be reached; where it cannot, one line says so, and the licences are still checked.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** What may be shipped beside Apache-2.0. MPL and LGPL ask for more than their text: they are named one by one below. */
const ALLOWED = new Set([
  'MIT',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Python-2.0',
]);

/** Packages under other licences, with the reason why they may stay. */
const EXCEPTIONS = [
  {
    name: /^@img\/sharp-libvips-/,
    licence: 'LGPL-3.0-or-later',
    why: 'a shared library, loaded at run time and not changed',
  },
  {
    name: /^@img\/sharp-(win32|wasm32)/,
    licence: 'Apache-2.0 AND LGPL-3.0-or-later',
    why: 'sharp with that shared library, for other platforms',
  },
  {
    name: /^@img\/sharp-wasm32/,
    licence: 'Apache-2.0 AND LGPL-3.0-or-later AND MIT',
    why: 'sharp with that shared library, for other platforms',
  },
];

const AUDIT_MS = 20_000;

/**
 * Whether an SPDX expression can be satisfied by what is allowed: every side of AND, one side of OR. Throws for what is no
 * expression. AND binds closer than OR; WITH adds a permission and leaves the licence what it is.
 */
export function isAllowed(expression) {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const isNext = (word) => tokens[at]?.toUpperCase() === word;
  function choice() {
    let allowed = all();
    for (; isNext('OR'); ) {
      at++;
      const other = all();
      allowed = allowed || other;
    }
    return allowed;
  }
  function all() {
    let allowed = one();
    for (; isNext('AND'); ) {
      at++;
      const other = one();
      allowed = allowed && other;
    }
    return allowed;
  }
  function one() {
    const token = tokens[at++];
    if (token === undefined || /^(AND|OR|WITH|\))$/i.test(token))
      throw new Error(`no licence: ${expression}`);
    if (token !== '(') {
      if (isNext('WITH')) at += 2;
      return ALLOWED.has(token);
    }
    const allowed = choice();
    if (tokens[at++] !== ')') throw new Error(`no licence: ${expression}`);
    return allowed;
  }
  const allowed = choice();
  if (at !== tokens.length) throw new Error(`no licence: ${expression}`);
  return allowed;
}

/** The licence as package.json has it, in its older forms too; null without one. */
export function licenceOf({ license, licenses }) {
  if (typeof license === 'string') return license;
  if (typeof license?.type === 'string') return license.type;
  if (Array.isArray(licenses) && licenses.length > 0) return licenses.map(({ type }) => type).join(' OR ');
  return null;
}

/** Why a package may not be shipped; null if it may. */
export function objectionTo(name, licence) {
  if (licence === null) return 'has no licence';
  if (EXCEPTIONS.some((one) => one.name.test(name) && one.licence === licence)) return null;
  try {
    return isAllowed(licence) ? null : `is under ${licence}`;
  } catch {
    return `has a licence that is no SPDX expression: ${licence}`;
  }
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

/** Packages of the lock file that production needs, also those for other platforms. */
function productionPackages(folder, locks) {
  return locks
    .filter(([path, { dev, devOptional, link }]) => path !== '' && !dev && !devOptional && !link)
    .map(([path, locked]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      const manifest = join(folder, path, 'package.json');
      // One for another platform is not installed: what the lock file says of it must do.
      const installed = existsSync(manifest);
      const described = installed ? JSON.parse(readFileSync(manifest, 'utf8')) : locked;
      return {
        name,
        version: locked.version,
        licence: licenceOf(described),
        installed,
      };
    });
}

/** The registry's report, or why there is none. */
function audit(folder) {
  return new Promise((resolve) => {
    const asking = ['audit', '--omit=dev', '--json'];
    execFile('npm', asking, { cwd: folder, timeout: AUDIT_MS, maxBuffer: 2 ** 26 }, (failed, stdout) => {
      try {
        const report = JSON.parse(stdout);
        if (report.vulnerabilities !== undefined)
          resolve({ vulnerabilities: Object.values(report.vulnerabilities) });
        else resolve({ why: report.message ?? report.error?.summary ?? 'it gave no report' });
      } catch {
        resolve({ why: failed?.killed ? `no answer within ${AUDIT_MS / 1000} s` : 'it gave no report' });
      }
    });
  });
}

function printLicences(packages) {
  const byLicence = new Map();
  for (const one of packages) byLicence.set(one.licence, [...(byLicence.get(one.licence) ?? []), one]);
  const sorted = [...byLicence].sort(([, a], [, b]) => b.length - a.length);
  for (const [licence, group] of sorted) {
    const names = group.map(
      ({ name, version, installed }) => `${name}@${version}${installed ? '' : ' (not here)'}`,
    );
    say(`${licence ?? 'no licence'} (${group.length}): ${names.sort().join(', ')}`);
  }
}

async function main(folder) {
  const locks = Object.entries(JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages);
  const packages = productionPackages(folder, locks);
  printLicences(packages);
  const deprecated = locks.filter(([, locked]) => locked.deprecated !== undefined);
  for (const [path, locked] of deprecated) say(`deprecated: ${path}@${locked.version}: ${locked.deprecated}`);
  if (deprecated.length === 0) say('deprecated: none, as far as the lock file says');
  const objections = packages.flatMap(({ name, version, licence }) => {
    const objection = objectionTo(name, licence);
    return objection === null ? [] : [`${name}@${version} ${objection}`];
  });
  const { vulnerabilities = [], why } = await audit(folder);
  if (why !== undefined) say(`advisories: not checked, the registry could not be asked (${why.trim()})`);
  for (const { name, severity, via } of vulnerabilities) {
    const titles = via.map((one) => (typeof one === 'string' ? `through ${one}` : `${one.title} ${one.url}`));
    const line = `${name} has an advisory of severity ${severity}: ${titles.join('; ')}`;
    if (severity === 'high' || severity === 'critical') objections.push(line);
    else say(`advisory: ${line}`);
  }
  for (const objection of objections) say(`FAILED: ${objection}`);
  say(`${packages.length} packages for production, ${objections.length} objections`);
  process.exitCode = objections.length === 0 ? 0 : 1;
}

if (import.meta.filename === realpathSync(process.argv[1])) await main(process.argv[2] ?? process.cwd());
