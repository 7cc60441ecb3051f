/**
 * A real Ceph Object Gateway on loopback (Debian: radosgw, ceph-mon, ceph-osd): one monitor, one OSD in memory and the
 * gateway with STS, without authentication inside the cluster. All files are in a temporary folder.
 */
import { execFile } from 'node:child_process';
import { createPublicKey, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { XMLParser } from 'fast-xml-parser';
import type { JWK } from 'jose';
import { generate } from 'selfsigned';
import { freePort } from '../../src/sandbox/demo/local-server.ts';
import { type Daemon, startDaemon } from './daemon.ts';

export const cephPrograms = ['radosgw', 'ceph-mon', 'ceph-osd'] as const;

export interface Ceph {
  readonly endpoint: string;
  /** The S3 keys of the administrator. */
  readonly administrator: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Trusts an issuer for one audience. */
  createProvider(issuer: string, audience: string): Promise<void>;
  /** Creates the role, or replaces its trust policy, with permission for all of S3. @returns its ARN */
  putRole(name: string, trustPolicy: string): Promise<string>;
  /** Assumes the role with a token: `200`, or the status and code of the refusal, such as `403 AccessDenied`. */
  assumeRole(arn: string, token: string): Promise<string>;
  /** The log of the gateway, which names the cause of a refusal. */
  log(): string;
  stop(): Promise<void>;
}

const run = promisify(execFile);

const configuration = (folder: string, monitor: number, gateway: number, fsid: string) => `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${monitor}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
run dir = ${folder}
admin socket =
pid file =
log to file = false
log to stderr = true
debug rocksdb = 0
rados mon op timeout = 10
client mount timeout = 30
osd objectstore = memstore
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
[mon]
mon data = ${folder}/mon
[osd]
osd data = ${folder}/osd
[client]
ms mon client mode = crc
rgw frontends = beast endpoint=127.0.0.1:${gateway}
rgw s3 auth use sts = true
rgw sts key = ${randomUUID().slice(0, 16)}
debug rgw = 20
`;

export async function startCeph(): Promise<Ceph> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-ceph-'));
  const daemons: Daemon[] = [];
  const stop = async () => {
    for (const daemon of daemons.splice(0).reverse()) await daemon.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [monitor, gateway, fsid, osd] = [await freePort(), await freePort(), randomUUID(), randomUUID()];
    for (const name of ['mon', 'osd']) await mkdir(join(folder, name));
    const file = join(folder, 'ceph.conf');
    await writeFile(file, configuration(folder, monitor, gateway, fsid));
    const conf = ['--conf', file];
    const map = join(folder, 'monmap');
    const ceph = (...args: string[]) => run('ceph', [...conf, ...args], { timeout: 20_000 });
    const add = ['--addv', 'a', `[v2:127.0.0.1:${monitor}]`];
    await run('monmaptool', ['--create', '--fsid', fsid, ...add, map]);
    await run('ceph-mon', [...conf, '-i', 'a', '--mkfs', '--monmap', map]);
    daemons.push(
      await startDaemon('ceph-mon', [...conf, '-i', 'a', '-f'], {
        isReady: async () => (await ceph('status')).stdout !== '',
      }),
    );
    await ceph('osd', 'new', osd);
    await run('ceph-osd', [...conf, '-i', '0', '--mkfs', '--osd-uuid', osd]);
    daemons.push(
      await startDaemon('ceph-osd', [...conf, '-i', '0', '-f'], {
        isReady: async () => (await ceph('osd', 'stat')).stdout.includes('1 up'),
      }),
    );
    const endpoint = `http://127.0.0.1:${gateway}`;
    const radosgw = await startDaemon('radosgw', [...conf, '-n', 'client.rgw', '-f'], {
      isReady: async () => (await fetch(endpoint)).ok,
    });
    daemons.push(radosgw);
    const administrator = { accessKeyId: 'ADMINISTRATOR', secretAccessKey: randomUUID() };
    const keys = ['--access-key', administrator.accessKeyId, '--secret', administrator.secretAccessKey];
    const user = ['--uid', 'administrator', '--display-name', 'administrator', ...keys];
    const caps = ['--caps', 'roles=*;oidc-provider=*'];
    await run('radosgw-admin', [...conf, 'user', 'create', ...user, ...caps], { timeout: 30_000 });
    return { endpoint, administrator, ...customer(endpoint, administrator), log: radosgw.output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What an administrator of the store sets up, and what a vendor calls. */
function customer(endpoint: string, credentials: Ceph['administrator']) {
  const iam = new IAMClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  return {
    async createProvider(Url: string, audience: string) {
      const input = { Url, ClientIDList: [audience], ThumbprintList: ['0'.repeat(40)] };
      await iam.send(new CreateOpenIDConnectProviderCommand(input));
    },
    async putRole(RoleName: string, policy: string): Promise<string> {
      const update = new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: policy });
      await iam.send(update).catch(async () => {
        await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy }));
        const statement = { Effect: 'Allow', Action: ['s3:*'], Resource: ['*'] };
        const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
        await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 's3', PolicyDocument }));
      });
      return `arn:aws:iam:::role/${RoleName}`;
    },
    async assumeRole(RoleArn: string, WebIdentityToken: string): Promise<string> {
      const answer = await fetch(endpoint, {
        method: 'POST',
        body: new URLSearchParams({
          Action: 'AssumeRoleWithWebIdentity',
          Version: '2011-06-15',
          RoleArn,
          RoleSessionName: 'test',
          DurationSeconds: '3600',
          WebIdentityToken,
        }),
      });
      const { Error: error } = new XMLParser().parse(await answer.text()) as { Error?: { Code: string } };
      return [answer.status, error?.Code].filter((part) => part !== undefined).join(' ');
    },
  };
}

/**
 * A copy of a JWKS as Ceph 16 reads it: it takes the key from the certificate in `x5c`. Ceph reads the first key alone, so the
 * copy has one.
 */
export async function withCertificate(jwks: { readonly keys: readonly JWK[] }, alg = 'RS256') {
  const key = jwks.keys.find((jwk) => jwk.alg === alg);
  if (!key) throw new Error(`there is no key for ${alg}`);
  const name = [{ name: 'commonName', value: 'sojourn' }];
  const ca = await generate(name, { algorithm: 'sha256' });
  const publicKey = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  // The private key of the certificate is not used.
  const keyPair = { publicKey: String(publicKey), privateKey: ca.private };
  const { cert } = await generate(name, {
    algorithm: 'sha256',
    keyPair,
    ca: { key: ca.private, cert: ca.cert },
  });
  return { keys: [{ ...key, x5c: [cert.replace(/-----.*?-----|\s/g, '')] }] };
}
