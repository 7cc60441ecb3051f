/** A private certificate authority and the certificates that it issues, valid and invalid. */
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export type AlternativeName =
  | { readonly type: 1 | 2 | 6; readonly value: string }
  | { readonly type: 7; readonly ip: string };

export interface Wanted {
  /** Least specific first, as in the certificate. */
  readonly subject?: readonly { readonly name?: string; readonly type?: string; readonly value: string }[];
  readonly names?: readonly AlternativeName[];
  readonly days?: readonly [from: number, to: number];
  readonly purpose?: 'clientAuth' | 'serverAuth';
}

export interface Authority {
  readonly cert: string;
  issue(wanted?: Wanted): Promise<Pair>;
}

const dayMs = 86_400_000;

async function make(wanted: Wanted, ca?: Pair): Promise<Pair> {
  const { subject = [{ name: 'commonName', value: 'somebody' }], names = [], days = [-1, 30] } = wanted;
  const { purpose = 'clientAuth' } = wanted;
  const { cert, private: key } = await generate([...subject], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + days[0] * dayMs),
    notAfterDate: new Date(Date.now() + days[1] * dayMs),
    extensions: [
      { name: 'extKeyUsage', [purpose]: true },
      ...(names.length > 0 ? [{ name: 'subjectAltName' as const, altNames: [...names] }] : []),
    ],
    ...(ca ? { ca } : {}),
  });
  return { cert, key };
}

export const selfSigned = (wanted: Wanted = {}): Promise<Pair> => make(wanted);

export async function startAuthority(name: string): Promise<Authority> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true },
    ],
  });
  return { cert, issue: (wanted = {}) => make(wanted, { cert, key }) };
}

export interface TlsAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the handshake resumed an earlier session. */
  readonly resumed: boolean;
  /** For resumption; with TLS 1.3 it arrives after the handshake. */
  readonly session: Buffer | undefined;
}

/** POST of a form over TLS, with a certificate or without one. */
export function postForm(
  port: number,
  form: Readonly<Record<string, string>>,
  how: Partial<Pair> & { session?: Buffer; agent?: https.Agent; headers?: Record<string, string> } = {},
): Promise<TlsAnswer> {
  const body = new URLSearchParams(form).toString();
  const { headers = {}, agent = false, ...tls } = how;
  return new Promise((resolve, reject) => {
    let session: Buffer | undefined;
    let connection: TLSSocket | undefined;
    const request = https.request(
      {
        host: '127.0.0.1',
        port,
        path: '/token',
        method: 'POST',
        rejectUnauthorized: false,
        agent,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        ...tls,
      },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += String(chunk);
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(text) as Record<string, unknown>,
          resumed: connection?.isSessionReused() ?? false,
          session,
        });
      },
    );
    request.once('socket', (socket) => {
      connection = socket as TLSSocket;
      socket.once('session', (given: Buffer) => {
        session = given;
      });
    });
    request.setTimeout(10_000, () => request.destroy(new Error('no answer')));
    request.once('error', reject).end(body);
  });
}
