/** Runs once before all tests, so that workers and the programs that they start inherit the environment. */
import { rmSync } from 'node:fs';
import { createRunFolder } from './memory.ts';
import { loopbackOnly } from './no-network.ts';

export default function prepareEnvironment(): void {
  Object.assign(process.env, loopbackOnly);
  if (process.env.TMPDIR) return;
  const folder = createRunFolder();
  process.env.TMPDIR = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
}
