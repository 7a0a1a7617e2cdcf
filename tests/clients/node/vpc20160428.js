// The story through @alicloud/vpc20160428: the generated client of the current SDK generation, ACS3 signatures.
'use strict';

const vpc = require('@alicloud/vpc20160428');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const { run } = require('./story.js');

const client = new vpc.default(
  new $OpenApiUtil.Config({
    accessKeyId: process.env.WEIR_ACCESS_KEY_ID,
    accessKeySecret: process.env.WEIR_ACCESS_KEY_SECRET,
    endpoint: process.env.WEIR_ADDRESS,
    protocol: 'http',
  }),
);

const lowered = (name) => name[0].toLowerCase() + name.slice(1);

// The SDK's models have names of their own; their classes know the names on the wire.
function model(type, wire) {
  const names = Object.fromEntries(Object.entries(type.names()).map(([own, onWire]) => [onWire, own]));
  const values = {};
  for (const [name, value] of Object.entries(wire)) {
    const kind = type.types()[names[name]];
    const element = kind && kind.itemType;
    values[names[name]] =
      typeof element === 'function' && Array.isArray(value) ? value.map((one) => model(element, one)) : value;
  }
  return new type(values);
}

run(async (action, parameters) => {
  try {
    const answer = await client[lowered(action)](model(vpc[`${action}Request`], parameters));
    return answer.body.toMap();
  } catch (error) {
    if (!error.data) throw error;
    throw {
      status: error.statusCode,
      code: error.code,
      message: error.message,
      request_id: error.data.RequestId,
    };
  }
});
