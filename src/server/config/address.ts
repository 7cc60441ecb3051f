/** Fields for listen addresses and trusted networks. */
import { isIP } from 'node:net';
import { z } from 'zod';

export interface Address {
  /** An IP address without brackets, or a host name. */
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
}

const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/** A name or an IP address, in lower case and without brackets and port. */
export const hostField = z
  .string()
  .transform((text) => text.toLowerCase().replace(/^\[(.+)\]$/, '$1'))
  .refine(
    (host) => isIP(host) !== 0 || hostName.test(host),
    'must be a host name or an IP address, without a port',
  );

/** Reads `127.0.0.1:8081` or `[::1]:8081`. */
export const addressField = z.string().transform((text, context): Address => {
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const hostFits = inBrackets === undefined ? hostName.test(plain ?? '') : isIP(inBrackets) === 6;
  if (hostFits && port <= 65_535) return { host: inBrackets ?? plain ?? '', port };
  context.addIssue({
    code: 'custom',
    message: 'must be HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080',
  });
  return z.NEVER;
});

/** A network in CIDR form. A prefix of 0 is rejected: it would trust every caller to state its own address. */
export const cidrField = z.string().refine((text) => {
  const [, network = '', prefix = ''] = /^([0-9a-f:.]+)\/([1-9]\d{0,2})$/i.exec(text) ?? [];
  const family = isIP(network);
  return family !== 0 && Number(prefix) <= (family === 4 ? 32 : 128);
}, 'must be a network such as 10.0.0.0/8, or one address such as 10.0.0.7/32; never all addresses');
