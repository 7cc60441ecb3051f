/** The floor: one ES256 signature over a token's worth of bytes, nothing else. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { beSubject } from '../subject.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const input = randomBytes(400);
beSubject(null, async (times) => {
  for (let done = 0; done < times; done++) sign('sha256', input, privateKey);
});
