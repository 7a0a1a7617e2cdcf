// *.sls.local is this machine, as a wildcard entry in DNS would say: clients of the log service put the project before
// the host.
'use strict';

const dns = require('dns');
const lookup = dns.lookup;

dns.lookup = (host, options, done) => {
  const name = host.endsWith('.sls.local') || host === 'sls.local' ? '127.0.0.1' : host;
  return typeof options === 'function' ? lookup(name, options) : lookup(name, options, done);
};

exports.endpoint = `sls.local:${process.env.WEIR_ADDRESS.split(':')[1]}`;
exports.note = (number) => `row-${String(number).padStart(2, '0')}`;
exports.rows = 20;
