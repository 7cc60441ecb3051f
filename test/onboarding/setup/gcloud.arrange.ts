/** Two ways to run the script: around a gcloud that records its arguments, and around Google's own. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inTemporaryDirectory } from './arrange.ts';

/** Answers `describe` with what EXISTING says of pool and provider, and writes every argument list down, a JWKS as what is in its file. */
const recorder = `
const { appendFileSync, readFileSync } = require('node:fs');
const flag = '--jwk-json-path=';
const argv = process.argv.slice(2).map((word) =>
  word.startsWith(flag) ? flag + readFileSync(word.slice(flag.length), 'utf8') : word);
appendFileSync(process.env.RECORD, JSON.stringify(argv) + '\\n');
if (argv.includes('describe')) {
  const issuer = JSON.parse(process.env.EXISTING)[argv.includes('providers') ? 'provider' : 'pool'];
  if (issuer === undefined) process.exit(1);
  console.log(issuer);
}
`;

export interface Run {
  readonly status: number | null;
  readonly stderr: string;
  readonly calls: readonly (readonly string[])[];
}

export function run(source: string, existing: { pool?: string; provider?: string } = {}): Run {
  return inTemporaryDirectory((directory) => {
    const at = (name: string) => join(directory, name);
    writeFileSync(at('recorder.cjs'), recorder);
    writeFileSync(at('gcloud'), `#!/bin/sh\nexec '${process.execPath}' '${at('recorder.cjs')}' "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(at('setup.sh'), source);
    const { status, stderr } = spawnSync('/bin/sh', [at('setup.sh')], {
      cwd: directory,
      env: { PATH: `${directory}:/usr/bin:/bin`, RECORD: at('record'), EXISTING: JSON.stringify(existing) },
      encoding: 'utf8',
      timeout: 15_000,
    });
    const record = existsSync(at('record')) ? readFileSync(at('record'), 'utf8') : '';
    return {
      status,
      stderr,
      calls: record
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    };
  });
}

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly body: unknown;
}

/** An IAM API that has what is named by its path, nothing without that, and agrees to everything. */
export async function runRealGcloud(
  source: string,
  existing: Readonly<Record<string, unknown>> = {},
): Promise<{ status: number | null; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url ?? '', 'http://iam');
    url.searchParams.delete('alt');
    const body = text ? JSON.parse(text) : null;
    const path = decodeURIComponent(url.pathname);
    received.push({
      method: request.method ?? '',
      path,
      query: Object.fromEntries(url.searchParams),
      body,
    });
    const [code, answer] = answerOf(request.method ?? '', existing[path], path, body);
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await inTemporaryDirectory(async (directory) => {
      writeFileSync(join(directory, 'token'), 'not-a-token');
      const child = spawn('/bin/sh', ['-c', source], {
        env: {
          PATH: process.env.PATH,
          HOME: directory,
          CLOUDSDK_CONFIG: directory,
          CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(directory, 'token'),
          CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: `http://127.0.0.1:${port}/`,
          CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
          CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
          CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
        },
        stdio: 'ignore',
        timeout: 80_000,
      });
      const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
      return { status, received };
    });
  } finally {
    server.close();
  }
}

function answerOf(
  method: string,
  found: unknown,
  path: string,
  body: { policy: unknown } | null,
): [number, unknown] {
  if (method === 'GET' && found) return [200, found];
  if (path.endsWith(':getIamPolicy')) return [200, { etag: 'QUJD', version: 1 }];
  if (path.endsWith(':setIamPolicy')) return [200, body?.policy];
  if (method !== 'GET') return [200, { name: `${path.slice('/v1/'.length)}/x/operations/o`, done: true }];
  return [404, { error: { code: 404, status: 'NOT_FOUND', message: 'not found' } }];
}
