// The log service's story of tests/clients/sls_story.py through @alicloud/sls20201230, but for rows in and out: its gateway
// has no form for a LogGroup, so PutLogs ends before it sends, and its PullLogs reads JSON, which the service never sends.
// The rows are written by @alicloud/log.
'use strict';

const { endpoint, note, rows } = require('./resolve.js');
const Writer = require('@alicloud/log');
const sls = require('@alicloud/sls20201230');
const { $OpenApiUtil } = require('@alicloud/openapi-core');

const project = process.env.WEIR_PROJECT;
const store = process.env.WEIR_LOG_STORE;
const client = new sls.default(
  new $OpenApiUtil.Config({
    accessKeyId: process.env.WEIR_ACCESS_KEY_ID,
    accessKeySecret: process.env.WEIR_ACCESS_KEY_SECRET,
    endpoint,
    protocol: 'HTTP',
    regionId: process.env.WEIR_REGION || 'cn-hangzhou',
  }),
);

const writer = new Writer({
  accessKeyId: process.env.WEIR_ACCESS_KEY_ID,
  accessKeySecret: process.env.WEIR_ACCESS_KEY_SECRET,
  endpoint,
});

async function put(number) {
  const logs = [{ timestamp: Math.floor(Date.now() / 1000), content: { note: note(number) } }];
  await writer.postLogStoreLogs(project, store, { logs, topic: 't', source: 's' });
}

async function main() {
  await client.createLogStore(project, new sls.CreateLogStoreRequest({ logstoreName: store, ttl: 7, shardCount: 1 }));
  const note_ = new sls.IndexKey({ type: 'text', token: [','], docValue: true, caseSensitive: false });
  await client.createIndex(project, store, new sls.CreateIndexRequest({ body: new sls.Index({ keys: { note: note_ } }) }));
  for (let number = 0; number < rows; number++) await put(number);
  await client.splitShard(project, store, '0', new sls.SplitShardRequest({ shardCount: 2 }));
  for (let number = rows; number < 2 * rows; number++) await put(number);
  const shards = (await client.listShards(project, store)).body;
  const now = Math.floor(Date.now() / 1000);
  const range = { from: now - 3600, to: now + 60 };
  const ask = async (query) => {
    const request = new sls.GetLogsV2Request({ ...range, query, line: 100, offset: 0 });
    return (await client.getLogsV2(project, store, request)).body.data;
  };
  const parts = (await client.getHistograms(project, store, new sls.GetHistogramsRequest({ ...range, query: '*' }))).body;
  const missing = await client.getLogStore(project, 'absent').catch((error) => error.code);
  const report = {
    shards: shards.map((shard) => shard.status),
    found: (await ask('note: row-0*')).map((row) => row.note).sort(),
    count: (await ask('* | SELECT count(1) AS n'))[0].n,
    histogram: parts.reduce((sum, part) => sum + part.count, 0),
    missing,
  };
  process.stdout.write(JSON.stringify(report));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
