// The log service's story of tests/clients/sls_story.py through @alicloud/log, as far as that client goes.
'use strict';

const { endpoint, note, rows } = require('./resolve.js');
const Client = require('@alicloud/log');

const project = process.env.WEIR_PROJECT;
const store = process.env.WEIR_LOG_STORE;
const client = new Client({
  accessKeyId: process.env.WEIR_ACCESS_KEY_ID,
  accessKeySecret: process.env.WEIR_ACCESS_KEY_SECRET,
  endpoint,
});

async function main() {
  await client.createLogStore(project, store, { ttl: 7, shardCount: 1 });
  await client.createIndex(project, store, { keys: { note: { type: 'text', token: [','], doc_value: true } } });
  for (let number = 0; number < 2 * rows; number++) {
    const logs = [{ timestamp: Math.floor(Date.now() / 1000), content: { note: note(number) } }];
    await client.postLogStoreLogs(project, store, { logs, topic: 't', source: 's', tags: [{ host: 'h' }] });
  }
  const from = new Date(Date.now() - 3600e3);
  const to = new Date(Date.now() + 60e3);
  const found = await client.getLogs(project, store, from, to, { query: 'note: row-0*', line: 100 });
  const counted = await client.getLogs(project, store, from, to, { query: '* | SELECT count(1) AS n' });
  const parts = await client.getHistograms(project, store, from, to, { query: '*' });
  const missing = await client.getLogStore(project, 'absent').catch((error) => error.code);
  const report = {
    found: found.map((row) => row.note).sort(),
    count: counted[0].n,
    histogram: parts.reduce((sum, part) => sum + part.count, 0),
    missing,
  };
  process.stdout.write(JSON.stringify(report));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
