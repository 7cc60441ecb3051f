/** Runs before each test file: a connection to anything but loopback fails in this process. */
import { isIP, Socket } from 'node:net';

type Connect = Socket['connect'];
const connect: Connect = Socket.prototype.connect;

Socket.prototype.connect = function (this: Socket, ...args: Parameters<Connect>) {
  const host = hostIn(args);
  if (host !== undefined && !isLoopbackHost(host)) {
    this.destroy(new Error(`A test tried to reach ${host}. Tests talk to loopback only.`));
    return this;
  }
  return connect.apply(this, args);
} as Connect;

/** Node normalizes the arguments of `net.connect` into a list whose first member has the options. */
function hostIn([first, second]: readonly unknown[]): string | undefined {
  const options = Array.isArray(first) ? first[0] : first;
  if (typeof options === 'object' && options !== null && 'host' in options) return String(options.host);
  return typeof second === 'string' ? second : undefined;
}

const isLoopbackHost = (host: string): boolean =>
  isIP(host) === 0
    ? host === 'localhost' || host.endsWith('.localhost') || !host.includes('.')
    : /^(127\.|::1$|::ffff:127\.|0\.0\.0\.0$|::$)/.test(host);
