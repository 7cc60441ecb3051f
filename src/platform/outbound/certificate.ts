/** The certificate that a server presents. Nothing is sent to the server. */
import { once } from 'node:events';
import { addAbortSignal } from 'node:stream';
import { connect } from 'node:tls';

/** When it expires, in milliseconds since the epoch. Rejects if there is none in time. */
export async function certificateExpiry({ hostname, port }: URL, signal: AbortSignal): Promise<number> {
  const host = hostname.replace(/^\[|\]$/g, '');
  // Whether it is trusted is for others to check.
  const socket = addAbortSignal(
    signal,
    connect({ host, port: Number(port || 443), rejectUnauthorized: false }),
  );
  try {
    await once(socket, 'secureConnect');
    return Date.parse(socket.getPeerCertificate().valid_to);
  } finally {
    socket.destroy();
  }
}
