import { backendSuite } from './backend-suite.ts';
import { holderOpener } from './open-backend.ts';

backendSuite('file', async () => {
  const { open, logged, close } = holderOpener({ backend: 'file' });
  const encryptionKey = Buffer.from(new Uint8Array(32).fill(7)).toString('base64url');
  return { open, logged, secrets: [encryptionKey], end: close };
});
