/** A TLS proxy in front of the sandbox Entra, because MSAL requires https; a test authority issues its certificate. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { later, newFolder } from './stage.ts';

export interface EntraFront {
  readonly origin: string;
  readonly caFile: string;
}

/** What Entra says of a tenant's authority (OpenID Connect Discovery), as the library asks for it before the first token. */
const discoveryPath = /^\/([\w.-]+)\/v2\.0\/\.well-known\/openid-configuration(\?|$)/;
const discovery = (authority: string) => ({
  issuer: `${authority}/v2.0`,
  authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
  token_endpoint: `${authority}/oauth2/v2.0/token`,
  jwks_uri: `${authority}/discovery/v2.0/keys`,
});

/** Answers for discovery by itself, since its own address stands in it, and passes the rest on to the sandbox's Azure. */
export async function startEntraFront(sandbox: string): Promise<EntraFront> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const caFile = join(await newFolder(), 'ca.pem');
  await writeFile(caFile, cert);
  const front = https.createServer({ cert, key }, (request, response) => {
    const { method, url, headers } = request;
    const [, tenant] = discoveryPath.exec(url ?? '') ?? [];
    if (tenant) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(discovery(`https://${headers.host}/${tenant}`)));
      return;
    }
    const onward = http.request(`${sandbox}/azure${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  later(async () => {
    front.closeAllConnections();
    front.close();
  });
  return { origin: `https://localhost:${(front.address() as AddressInfo).port}`, caFile };
}

/** What MSAL brings for the assertion: an access token; rejects with what it says. */
export async function tokenByMsal(
  { origin, caFile }: EntraFront,
  { tenant, clientId, assertion }: { tenant: string; clientId: string; assertion: string },
): Promise<string> {
  const program = join(import.meta.dirname, 'entra-program.ts');
  const child = spawn(process.execPath, [program, origin, tenant, clientId], {
    env: { PATH: process.env.PATH ?? '', NODE_EXTRA_CA_CERTS: caFile },
    timeout: 60_000,
  });
  child.stdin.end(assertion);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (out === '') throw new Error(`MSAL got no token: ${err}`);
  return out;
}
