/**
 * `.env.example` and the README's table of settings say what config.ts says. After a change there,
 * `UPDATE_DOCS=1 node --test dist/test/docs/settings.test.js` writes both anew.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseEnv } from 'node:util';
import { readConfig, SETTING_LIST } from '../../src/config.js';
import { packageRoot } from '../../src/package-root.js';

const ENV_EXAMPLE = join(packageRoot(), '.env.example');
const README = join(packageRoot(), 'README.md');
const BEGIN = '<!-- settings -->';
const END = '<!-- /settings -->';

/** Every setting commented out, with its meaning above it. */
function envExample(): string {
  const head =
    '# Settings of nearpaper. Copy this file to .env in the folder you start nearpaper in, and uncomment what you\n' +
    '# change; the environment and flags win over it. Made from src/config.ts: test/docs/settings.test.ts.\n';
  const entries = SETTING_LIST.map(({ name, shown, help }) => {
    // What is shown in words is no value.
    const value = shown.includes(' ') ? '' : shown;
    const words = value === shown ? '' : ` Unset: ${shown}.`;
    return `\n# ${help}${words}\n#${name}=${value}\n`;
  });
  return head + entries.join('');
}

/** The table between the marks, marks included. */
function settingsTable(): string {
  const rows = SETTING_LIST.map(({ name, shown, help }) => `| \`${name}\` | ${shown} | ${help} |`);
  return [BEGIN, '| setting | default | meaning |', '|---|---|---|', ...rows, END].join('\n');
}

function readReadme(): string {
  return existsSync(README) ? readFileSync(README, 'utf8') : `${BEGIN}\n${END}\n`;
}

function tableIn(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  assert.ok(begin !== -1 && end > begin, `README.md has ${BEGIN} and ${END}`);
  return readme.slice(begin, end + END.length);
}

if (process.env.UPDATE_DOCS === '1') {
  writeFileSync(ENV_EXAMPLE, envExample());
  const readme = readReadme();
  writeFileSync(
    README,
    readme.replace(tableIn(readme), () => settingsTable()),
  );
}

describe('the settings in the documentation', () => {
  it('of .env.example are those of config.ts', () => {
    assert.equal(readFileSync(ENV_EXAMPLE, 'utf8'), envExample());
  });

  it("of the README's table are those of config.ts", () => {
    assert.equal(tableIn(readReadme()), settingsTable());
  });

  it('are all commented out in .env.example, and with the shown defaults change nothing', () => {
    const text = readFileSync(ENV_EXAMPLE, 'utf8');
    assert.deepEqual(parseEnv(text), {});
    const uncommented = parseEnv(text.replace(/^#(?=[A-Z_]+=)/gm, ''));
    assert.deepEqual(Object.keys(uncommented).toSorted(), SETTING_LIST.map(({ name }) => name).toSorted());
    assert.deepEqual(readConfig(uncommented as Record<string, string>), readConfig({}));
  });

  it('fit into a table: no help has a line break or a bar', () => {
    for (const { shown, help } of SETTING_LIST) assert.doesNotMatch(`${shown}${help}`, /[\n|]/);
  });
});
