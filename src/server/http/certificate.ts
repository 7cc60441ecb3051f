/** The client certificate of a request: from its TLS connection, or from the header of a trusted proxy. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { certificateInHeader, type Presented } from '../../access/certificates/index.ts';
import { peerOf, within } from './address.ts';

export interface CertificateSources {
  /** The listener requests client certificates and verifies them against `listen.tls.client_ca`. */
  readonly asked: boolean;
  /** The header in which trusted proxies forward the certificate. */
  readonly header: string | null;
  /** CIDRs. */
  readonly proxies: readonly string[];
}

/** Set by AWS Application Load Balancers in passthrough mode, which do not verify the certificate. */
const unverifiedHeader = 'x-amzn-mtls-clientcert';

export function certificateReader(sources: CertificateSources): (request: IncomingMessage) => Presented {
  const header = sources.header?.toLowerCase();
  const isProxy = within(sources.proxies);
  return (request) => {
    if (header === undefined && !sources.asked)
      return {
        fault:
          'this server requests no client certificate: set listen.tls.client_ca or listen.client_certificate_header',
      };
    // For a proxy only the header counts, not its own TLS certificate; for any other peer the header is ignored.
    return header !== undefined && isProxy(peerOf(request))
      ? fromHeader(request, header)
      : fromConnection(request);
  };
}

function fromHeader({ headersDistinct }: IncomingMessage, name: string): Presented {
  const [value = '', ...more] = headersDistinct[name] ?? [];
  if (more.length > 0) return { fault: `the request has the header ${name} ${more.length + 1} times` };
  if (value === '') return { fault: `the proxy sent no certificate in the header ${name}` };
  const certificate = certificateInHeader(value);
  if (!certificate)
    return { fault: `the header ${name} is not a single certificate as in RFC 9440 or in URL-encoded PEM` };
  return {
    certificate,
    ...(name === unverifiedHeader ? { fault: `the proxy does not verify the certificate in ${name}` } : {}),
  };
}

function fromConnection({ socket }: IncomingMessage): Presented {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (!(socket instanceof TLSSocket) || !certificate)
    return { fault: 'the connection has no client certificate' };
  if (socket.authorized) return { certificate };
  return { certificate, fault: String(socket.authorizationError) };
}
