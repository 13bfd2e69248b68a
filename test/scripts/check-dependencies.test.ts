/** Which licences may be shipped, and what the check of them ends with. The registry is never asked here. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../src/package-root.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const SCRIPT = join(packageRoot(), 'scripts', 'check-dependencies.mjs');

const {
  isAllowed,
  licenceOf,
  objectionTo,
}: {
  isAllowed(expression: string): boolean;
  licenceOf(manifest: object): string | null;
  objectionTo(name: string, licence: string | null): string | null;
} = await import(pathToFileURL(SCRIPT).href);

describe('a licence', () => {
  it('is allowed when it is in the list, or one of a choice, or all of several', () => {
    for (const expression of [
      'MIT',
      '(MIT OR GPL-3.0-only)',
      'GPL-2.0-only OR MIT',
      'MIT AND ISC',
      '(MIT OR WTFPL) AND (ISC OR GPL-3.0-only)',
      'Apache-2.0 WITH LLVM-exception',
      'GPL-3.0-only AND ISC OR MIT',
    ]) {
      assert.ok(isAllowed(expression), expression);
    }
  });

  it('is not allowed otherwise', () => {
    for (const expression of [
      'GPL-3.0-only',
      'MIT AND GPL-3.0-only',
      '(GPL-2.0-only OR AGPL-3.0-only)',
      'MIT AND (ISC AND WTFPL)',
      'mit',
      'UNLICENSED',
      'LGPL-3.0-or-later',
    ]) {
      assert.ok(!isAllowed(expression), expression);
    }
  });

  it('that is no expression is told, and so is none', () => {
    for (const licence of ['', 'MIT OR', 'MIT ISC', '(MIT', 'SEE LICENSE IN LICENSE.txt', 'OR']) {
      assert.match(String(objectionTo('x', licence)), /no SPDX expression/, licence);
    }
    assert.equal(objectionTo('x', null), 'has no licence');
    assert.equal(objectionTo('x', 'MIT'), null);
  });

  it('is read in the older forms of package.json too', () => {
    assert.equal(licenceOf({ license: { type: 'MIT', url: 'x' } }), 'MIT');
    assert.equal(licenceOf({ licenses: [{ type: 'MIT' }, { type: 'ISC' }] }), 'MIT OR ISC');
    assert.equal(licenceOf({}), null);
  });

  it('may be one for a named package only', () => {
    assert.equal(objectionTo('@img/sharp-libvips-linux-x64', 'LGPL-3.0-or-later'), null);
    assert.equal(objectionTo('another', 'LGPL-3.0-or-later'), 'is under LGPL-3.0-or-later');
  });
});

describe('the check', () => {
  /** Runs it without a PATH, so that there is no npm to ask the registry with. */
  const check = (folder: string) =>
    new Promise<{ code: number; stdout: string }>((resolve) => {
      execFile(process.execPath, [SCRIPT, folder], { env: {} }, (failed, stdout) =>
        resolve({ code: failed === null ? 0 : Number(failed.code), stdout }),
      );
    });

  it('reads what is installed, fails for what may not be shipped, and passes over what only tests need', async (t) => {
    const folder = await temporaryFolder(t);
    await mkdir(join(folder, 'node_modules', '@a', 'installed'), { recursive: true });
    await writeFile(
      join(folder, 'node_modules', '@a', 'installed', 'package.json'),
      JSON.stringify({ license: 'GPL-3.0-only' }),
    );
    const packages: Record<string, object> = {
      '': { name: 'root', license: 'GPL-3.0-only' },
      'node_modules/@a/installed': { version: '1.0.0', license: 'MIT' },
      'node_modules/x/node_modules/absent': { version: '2.0.0', license: 'ISC', optional: true },
      'node_modules/tests': {
        version: '3.0.0',
        license: 'GPL-3.0-only',
        dev: true,
        deprecated: 'use another',
      },
    };
    const write = () => writeFile(join(folder, 'package-lock.json'), JSON.stringify({ packages }));
    await write();
    const refused = await check(folder);
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /^FAILED: @a\/installed@1\.0\.0 is under GPL-3\.0-only$/m);
    assert.match(refused.stdout, /^ISC \(1\): absent@2\.0\.0 \(not here\)$/m);
    assert.match(refused.stdout, /^deprecated: node_modules\/tests@3\.0\.0: use another$/m);
    assert.match(refused.stdout, /^advisories: not checked, the registry could not be asked \(.+\)$/m);
    assert.match(refused.stdout, /^2 packages for production, 1 objections$/m);
    delete packages['node_modules/@a/installed'];
    await write();
    assert.equal((await check(folder)).code, 0);
  });
});
