// The story through @alicloud/pop-core: the generic client, version 1 signatures.
'use strict';

const { RPCClient } = require('@alicloud/pop-core');
const { run } = require('./story.js');

const client = new RPCClient({
  endpoint: `http://${process.env.WEIR_ADDRESS}`,
  accessKeyId: process.env.WEIR_ACCESS_KEY_ID,
  accessKeySecret: process.env.WEIR_ACCESS_KEY_SECRET,
  apiVersion: '2016-04-28',
});

run(async (action, parameters) => {
  try {
    return await client.request(action, parameters, { method: 'POST' });
  } catch (error) {
    if (!error.data) throw error;
    const status = error.entry.response.statusCode;
    throw { status, code: error.code, message: error.message, request_id: error.data.RequestId };
  }
});
