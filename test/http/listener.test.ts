import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import express from 'express';
import { createListener, listen } from '../../src/http/listener.js';
import { rejectsWith } from '../contract/vector-index.js';

describe('listen', () => {
  it('says which port was taken, and can be tried again', async (t) => {
    const holder = createServer().listen(0, '127.0.0.1');
    t.after(() => holder.close());
    await once(holder, 'listening');
    const address = holder.address();
    assert.ok(typeof address === 'object' && address !== null);
    const server = createListener(express());
    await assert.rejects(listen(server, address.port, '127.0.0.1'), rejectsWith('port_in_use'));
    assert.ok((await listen(server, 0, '127.0.0.1')) > 0);
    server.close();
  });

  it('refuses an address that is not of this machine, or no port', async () => {
    // 192.0.2.0/24 is for documentation (RFC 5737).
    for (const [port, host] of [
      [0, '192.0.2.1'],
      [70_000, '127.0.0.1'],
    ] as const) {
      await assert.rejects(listen(createListener(express()), port, host), rejectsWith('config_invalid'));
    }
  });

  it('swallows no error of a server that listens', async (t) => {
    const server = createListener(express());
    await listen(server, 0, '127.0.0.1');
    t.after(() => server.close());
    assert.equal(server.listenerCount('error'), 0);
    assert.throws(() => server.emit('error', new Error('later')), /later/);
  });
});
