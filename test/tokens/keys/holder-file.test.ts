import { holderSuite } from './holder-suite.ts';
import { holderOpener } from './open-holder.ts';

holderSuite('file', async () => {
  const { open, logged, close } = holderOpener({ holder: 'file' });
  const encryptionKey = Buffer.from(new Uint8Array(32).fill(7)).toString('base64url');
  return { open, logged, secrets: [encryptionKey], end: close };
});
