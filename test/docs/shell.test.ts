import { expect, test } from '@jest/globals';
import { blocks, documents } from './documents.ts';
import { runBlocks } from './run.ts';

/** Blocks that these tests do not run, and why. */
const notRun: Readonly<Record<string, string>> = {
  'npm ci && npm run demo\n': 'npm ci needs the registry; the last test runs the demo',
  'npm ci\nnpm test        # all tests; starts what it needs\nnpm run check   # types, lint, format, tests\nnpm run demo    # the whole workflow, against the sandbox clouds\n':
    'npm ci needs the registry, and npm test would run itself',
};

const shellOf = (file: string) => blocks(file, 'sh').filter((block) => !Object.hasOwn(notRun, block));

/** Patterns that the output of each document's examples must match. */
const expectedOutput: Readonly<Record<string, readonly RegExp[]>> = {
  'README.md': [/^active$/m, /"access_token":"ey/, /"Version":1,"AccessKeyId":"ASIA/],
  'docs/audit.md': [/lines? verified/, /^No line is due\.$/m],
  'docs/audit-proofs.md': [
    /^127\.0\.0\.1:\d+\/audit\+[0-9a-f]{8}\+/m,
    /^epoch 0$/m,
    /^Verified OK$/m,
    /^line \d+ is in the log: \{"at":\d+,"entry":\{"actor":"admin","event":"tenant\.created"/m,
  ],
  'docs/agent.md': [/SERVES/, /-rw-------.* acme-aws$/m, /^\d{3}$/m, /"Code":"agent_forbidden"/],
  'docs/clouds.md': [/"aud": "api:\/\/AzureADTokenExchange"/],
  'docs/first-connection.md': [
    /^http:\/\/127\.0\.0\.1:\d+\/connect\/[\w-]{43}$/m,
    /^active$/m,
    /^paused$/m,
    /^refused: the customer has paused it$/m,
  ],
  'docs/import.md': [
    /^3 listed: 3 pending\. Created 3 connections and 3 links\.$/m,
    /^prod,Beta,con_\w+,pending$/m,
    /^4 listed: 4 pending\. Created 1 connection and 1 link\.$/m,
    /^Gamma prod pending$/m,
    /"Sid": "Sojourncon/,
  ],
  'docs/kubernetes.md': [/^ +prefix: "sojourn:"$/m, /^active$/m, /^web-0$/m],
  'docs/sandbox.md': [/"offset_seconds":3600/, /cloud_unavailable/, /"operation":/],
  'docs/webhooks.md': [
    /^received urn:sojourn:event:connection\.created con_/m,
    /connection\.created +con_\w+ +\S+ +delivered +1 +202$/m,
  ],
  'docs/workloads.md': [
    /"issued_token_type":"urn/,
    /"access_token":"ey/,
    /is the closest match/,
    /"auth": "tls"/,
    /^certificates +sha256=/m,
  ],
  'docs/policy.md': [
    /^yes: rule 0 \(labels=env=prod purposes=read\), only for read$/m,
    /^ended with 1$/m,
    /^4 passed\.$/m,
    /^Applied version 2 with 2 guards\.$/m,
    /guard prod-from-main refuses; these conditions are not met: claims\.ref/,
  ],
  'docs/keys.md': [
    /^KID +ALG +STATE/m,
    /key\.rotation|2099-01-31/,
    /^Revoked [\w-]{43}\. All replicas remove it from the JWKS/m,
    /"token_endpoint":"http:\/\/127\.0\.0\.1:\d+\/t\/ten_/,
    /Next: sojourn tenant move-status ten_/,
  ],
  'docs/operations.md': [
    /^Created the issuer http:/m,
    /"status":"ready"/,
    /sojourn_http_requests_total/,
    /^jwks +passed/m,
    /^No credentials are in use/m,
    /^Wrote the backup to/m,
    /^aws s3 cp issuer\/jwks s3:\/\/id-example-com\/jwks /m,
    /"path": "\.well-known\/openid-configuration"/,
  ],
};

test('every document with shell examples has an expected output', () => {
  expect(documents.filter((file) => shellOf(file).length > 0).toSorted()).toEqual(
    Object.keys(expectedOutput).toSorted(),
  );
});

test('every block that is excluded from the run still exists', () => {
  const all = documents.flatMap((file) => blocks(file, 'sh'));
  expect(Object.keys(notRun).filter((block) => !all.includes(block))).toEqual([]);
});

test.each(Object.keys(expectedOutput))(
  'the shell examples of %s run unchanged and print what the document promises',
  async (file) => {
    const { code, output } = await runBlocks(shellOf(file));
    expect({ code, output }).toEqual({ code: 0, output: expect.any(String) });
    for (const pattern of expectedOutput[file]!) expect(output).toMatch(pattern);
  },
  300_000,
);

test('npm run demo exits with 0', async () => {
  expect(await runBlocks(['npm run -s demo\n'])).toMatchObject({ code: 0 });
}, 300_000);
