/** Runs before each test file: a connection to anything but loopback fails in this process. */
import { isIP, Socket } from 'node:net';

type Connect = Socket['connect'];
const connect: Connect = Socket.prototype.connect;

Socket.prototype.connect = function (this: Socket, ...args: Parameters<Connect>) {
  const { host, lookup } = targetOf(args);
  const refuse = (target: string) =>
    this.destroy(new Error(`A test tried to reach ${target}. Tests talk to loopback only.`));
  if (host !== undefined && isIP(host) === 0 && lookup)
    // The test resolves the name itself.
    this.once('lookup', (_error, address: string) => {
      if (!isLoopbackHost(address)) refuse(address);
    });
  else if (host !== undefined && !isLoopbackHost(host)) {
    process.nextTick(refuse, host);
    return this;
  }
  return connect.apply(this, args);
} as Connect;

/** Node normalizes the arguments of `net.connect` into a list whose first member has the options. */
function targetOf([first, second]: readonly unknown[]): {
  readonly host?: string;
  readonly lookup?: unknown;
} {
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof options === 'object' && options !== null && 'host' in options)
    return { host: String(options.host), lookup: 'lookup' in options ? options.lookup : undefined };
  return typeof second === 'string' ? { host: second } : {};
}

const isLoopbackHost = (host: string): boolean =>
  isIP(host) === 0
    ? host === 'localhost' || host.endsWith('.localhost') || !host.includes('.')
    : /^(127\.|::1$|::ffff:127\.|0\.0\.0\.0$|::$)/.test(host);
