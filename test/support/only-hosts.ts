/**
 * For `node --import`: leads connections to the hosts in SOJOURN_TEST_HOSTS to ports on loopback, as a resolver would, and
 * refuses every other host. DNS queries go to the name server of the test.
 */
import { setServers } from 'node:dns';
import { Socket } from 'node:net';

setServers([process.env.SOJOURN_TEST_NAME_SERVER ?? '127.0.0.1:1']);

const ports = JSON.parse(process.env.SOJOURN_TEST_HOSTS ?? '{}') as Readonly<Record<string, number>>;
const loopback = new Set(['127.0.0.1', 'localhost']);
const { connect } = Socket.prototype;

Socket.prototype.connect = function (this: Socket, ...args: Parameters<typeof connect>) {
  const [first]: readonly unknown[] = args;
  const options = (Array.isArray(first) ? first[0] : first) as { host?: string; port: number };
  const port = ports[options.host ?? ''];
  if (port !== undefined) Object.assign(options, { host: '127.0.0.1', port });
  else if (options.host !== undefined && !loopback.has(options.host))
    throw new Error(`A test tried to reach ${options.host}.`);
  return connect.apply(this, args);
} as typeof connect;
