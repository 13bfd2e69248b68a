import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readOaiEnvelope } from '../../../src/papers/formats/oai-envelope.js';

const DATE = '<responseDate>2024-03-10T12:00:00Z</responseDate>';
const read = (text: string) => readOaiEnvelope([Buffer.from(text)]);

describe('what surrounds the records of an OAI-PMH answer', () => {
  const text = `<?xml version="1.0"?><o:OAI-PMH xmlns:o="http://www.openarchives.org/OAI/2.0/">${DATE.replaceAll(/<(\/?)/g, '<$1o:')}
<o:ListRecords><o:record><o:header><o:identifier>1</o:identifier></o:header><o:metadata><m><record/><header status="deleted"/><resumptionToken>no</resumptionToken>
<error code="no"/></m></o:metadata></o:record>
<o:record><o:header status="deleted"/></o:record>
<o:resumptionToken completeListSize="7" cursor="0"> <![CDATA[a&b]]>&amp;é </o:resumptionToken></o:ListRecords></o:OAI-PMH>`;
  const found = {
    responseDate: '2024-03-10T12:00:00.000Z',
    error: null,
    token: { value: 'a&b&é', completeListSize: 7 },
    records: 2,
    deleted: 1,
  };

  it('is told from what the records hold', async () => {
    assert.deepEqual(await read(text), found);
  });

  it('is the same however the bytes come', async () => {
    const bytes = Buffer.from(text);
    assert.deepEqual(await readOaiEnvelope([...bytes].map((byte) => Uint8Array.of(byte))), found);
  });

  it('may be an error', async () => {
    const { error, token } = await read(
      `<OAI-PMH>${DATE}<error code="badArgument">No\n such set</error></OAI-PMH>`,
    );
    assert.deepEqual([error, token], [{ code: 'badArgument', message: 'No\n such set' }, null]);
  });

  it('has no token when it is empty', async () => {
    const { token } = await read(`<OAI-PMH>${DATE}<ListRecords><resumptionToken/></ListRecords></OAI-PMH>`);
    assert.equal(token, null);
  });

  it('is not there in anything else', async () => {
    for (const [other, why] of [
      ['', /./],
      ['<html><body/></html>', /begins with <html>/],
      ['<OAI-PMH></OAI-PMH>', /no responseDate/],
      [`<OAI-PMH>${DATE}<ListRecords>`, /unclosed/],
      [`<OAI-PMH>${DATE}&bomb;</OAI-PMH>`, /entity/],
    ] as const) {
      await assert.rejects(read(other), why);
    }
  });

  it('expands no entity', async () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><OAI-PMH>${DATE}<error code="e">&b;</error></OAI-PMH>`;
    await assert.rejects(read(bomb), /entity/);
  });
});
