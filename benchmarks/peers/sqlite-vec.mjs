/** sqlite-vec in better-sqlite3, in memory: it scans; in 32-bit floats, in bytes, and in bits with the best looked at again. */
import Database from 'better-sqlite3';
import { load as loadExtension } from 'sqlite-vec';
import { load, reportBest, versionOf } from './vectors.mjs';

const data = load();
const db = new Database(':memory:');
loadExtension(db);
db.exec(`CREATE VIRTUAL TABLE floats USING vec0(vector float[${data.dimensions}] distance_metric=cosine);
  CREATE VIRTUAL TABLE bytes USING vec0(vector int8[${data.dimensions}] distance_metric=cosine);
  CREATE VIRTUAL TABLE bits USING vec0(bits bit[${data.dimensions}], +vector blob)`);
/** Unit vectors as bytes: every number of an embedding lies well within a quarter. */
const bytesOf = (vector) =>
  Buffer.from(
    Int8Array.from(vector, (value) => Math.max(-127, Math.min(127, Math.round(value * 508)))).buffer,
  );
const blob = (vector) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
const put = {
  floats: db.prepare('INSERT INTO floats(rowid, vector) VALUES (?, ?)'),
  bytes: db.prepare('INSERT INTO bytes(rowid, vector) VALUES (?, vec_int8(?))'),
  bits: db.prepare('INSERT INTO bits(rowid, bits, vector) VALUES (?, vec_quantize_binary(?), ?)'),
};
db.transaction(() => {
  for (let row = 0; row < data.size; row++) {
    const vector = data.vector(row);
    put.floats.run(BigInt(row), blob(vector));
    put.bytes.run(BigInt(row), bytesOf(vector));
    put.bits.run(BigInt(row), blob(vector), blob(vector));
  }
})();
const floats = db.prepare('SELECT rowid FROM floats WHERE vector MATCH ? AND k = ?').pluck();
const bytes = db.prepare('SELECT rowid FROM bytes WHERE vector MATCH vec_int8(?) AND k = ?').pluck();
const bits = db
  .prepare(
    `SELECT rowid FROM (SELECT rowid, vector FROM bits WHERE bits MATCH vec_quantize_binary(?) AND k = ?)
     ORDER BY vec_distance_cosine(vector, ?) LIMIT ?`,
  )
  .pluck();

await reportBest(data, versionOf('sqlite-vec'), [
  { setting: 'float32 scan', search: (vector) => floats.all(blob(vector), data.k) },
  { setting: 'int8 scan', search: (vector) => bytes.all(bytesOf(vector), data.k) },
  ...[50, 100, 200, 400, 800, 1600].map((most) => ({
    family: 'bits',
    setting: `bits, best ${most} by floats`,
    search: (vector) => bits.all(blob(vector), most, blob(vector), data.k),
  })),
]);
