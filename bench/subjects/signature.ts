/** The lower bound: one ES256 signature over as many bytes as a token has. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { runSubject } from '../subject.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const input = randomBytes(400);
runSubject(null, async (times) => {
  for (let done = 0; done < times; done++) sign('sha256', input, privateKey);
});
