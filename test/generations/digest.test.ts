import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { describeFile } from '../../src/generations/digest.js';
import { temporaryFolder } from '../build/building.js';

describe('the checksum of a file', () => {
  // The last is hashed in a thread of its own.
  for (const bytes of [0, 1, (1 << 20) + 1, (32 << 20) + 1]) {
    it(`is that of all of its ${bytes} bytes`, async (t) => {
      const path = join(temporaryFolder(t), 'file');
      const content = Buffer.alloc(bytes, 'nearpaper');
      writeFileSync(path, content);
      const sha256 = createHash('sha256').update(content).digest('hex');
      assert.deepEqual(await describeFile(path), { bytes, sha256 });
    });
  }

  it('of a file that is not there is refused', async (t) => {
    await assert.rejects(describeFile(join(temporaryFolder(t), 'none')), { code: 'ENOENT' });
  });
});
