/** A separate process that opens the backend of the section `keys` in its first argument, and prints the result. */
import { holderOpener } from './open-backend.ts';

const keys = JSON.parse(process.argv[2]!) as Record<string, unknown>;
const { open } = holderOpener(keys, { TOKEN_PIN: 'pin' });
const answer = await open().then(
  (backend) => backend.close?.().then(() => ({ opened: true })),
  ({ code, message, advice }) => ({ code, message, advice }),
);
process.stdout.write(JSON.stringify(answer));
