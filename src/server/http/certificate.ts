/** The client certificate of a request: that of its TLS connection, or the one that a trusted proxy tells of. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { certificateInHeader, type Presented } from '../../access/certificates/index.ts';
import { peerOf, within } from './address.ts';

export interface CertificateSources {
  /** The listener asks for certificates, and vouches for those of its authorities. */
  readonly asked: boolean;
  /** The header that trusted proxies write. */
  readonly header: string | null;
  /** CIDRs. */
  readonly proxies: readonly string[];
}

/** Application Load Balancers in passthrough mode: nobody has verified what stands in it. */
const unverified = 'x-amzn-mtls-clientcert';

export function certificateReader(sources: CertificateSources): (request: IncomingMessage) => Presented {
  const header = sources.header?.toLowerCase();
  const isProxy = within(sources.proxies);
  return (request) => {
    if (header === undefined && !sources.asked)
      return {
        fault: 'this server asks for none: set listen.tls.client_ca or listen.client_certificate_header',
      };
    // What a proxy says counts and its own certificate does not; what anybody else says in the header does not.
    return header !== undefined && isProxy(peerOf(request))
      ? inHeader(request, header)
      : ofConnection(request);
  };
}

function inHeader({ headersDistinct }: IncomingMessage, name: string): Presented {
  const [value = '', ...more] = headersDistinct[name] ?? [];
  if (more.length > 0) return { fault: `the header ${name} is there ${more.length + 1} times` };
  if (value === '') return { fault: `the proxy has sent none in the header ${name}` };
  const certificate = certificateInHeader(value);
  if (!certificate)
    return { fault: `the header ${name} is not one certificate, by RFC 9440 or in escaped PEM` };
  return {
    certificate,
    ...(name === unverified ? { fault: `nobody has verified what stands in ${name}` } : {}),
  };
}

function ofConnection({ socket }: IncomingMessage): Presented {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (!(socket instanceof TLSSocket) || !certificate) return { fault: 'none came with the connection' };
  if (socket.authorized) return { certificate };
  return { certificate, fault: String(socket.authorizationError) };
}
