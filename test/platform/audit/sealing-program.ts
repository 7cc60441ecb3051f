/**
 * A process that appends lines and seals them until the test kills it. Usage: SIGNING_KEY=PEM node sealing-program.ts URL
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { createSealer } from '../../../src/platform/audit/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore } from '../../../src/platform/store/index.ts';
import { systemNow } from '../../../src/platform/time/index.ts';

const [url = ''] = process.argv.slice(2);
const key = createPrivateKey(process.env.SIGNING_KEY ?? '');
const jwk = createPublicKey(key).export({ format: 'jwk' }) as Record<string, unknown>;
const logger = createLogger({ level: 'silent' });
const store = await openStore(url, { logger, now: systemNow });
const sealer = createSealer({
  ...{ log: store.log, logger, now: systemNow, origin: 'id.example.com/audit', marks: async () => ({}) },
  signer: {
    jwk,
    sign: async (data) => ({ jwk, signature: sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }) }),
  },
});
await sealer.start();
process.stdout.write('started\n');
for (let n = 0; ; n++) {
  await Promise.all(
    [1, 2, 3].map((i) => store.append({ at: systemNow(), value: { event: 'token.issued', n, i } })),
  );
}
