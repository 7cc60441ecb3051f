/** What the tests of the configuration share: files that vanish, and the faults of a refusal. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { type Fault, SojournError } from '../../../src/platform/errors/index.ts';
import { loadConfig, parseConfig } from '../../../src/server/config/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-config-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The path of a new file with this content. */
export function fileOf(content: string | Uint8Array, name = 'sojourn.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Enough to start with on loopback. */
export const least = { issuer: 'https://id.example.com', listen: { public: '127.0.0.1:8080' } };

/** The faults for which `raw` is refused; fails when it is not. */
export function faultsOf(raw: unknown, env: Record<string, string> = {}): readonly Fault[] {
  try {
    parseConfig(raw, env);
  } catch (error) {
    return configFaults(error);
  }
  throw new Error('the configuration was taken');
}

/** The same for a file with this content. */
export async function faultsOfFile(content: string | Uint8Array, env = {}): Promise<readonly Fault[]> {
  const error: unknown = await loadConfig({ file: fileOf(content), env }).then(
    () => new Error('the configuration was taken'),
    (refusal: unknown) => refusal,
  );
  return configFaults(error).map(({ path, message }) => ({
    path: path.replace(`${folder}/`, ''),
    message: message.replace(`${folder}/`, ''),
  }));
}

function configFaults(error: unknown): readonly Fault[] {
  if (!(error instanceof SojournError)) throw error;
  expect(error.code).toBe('config_invalid');
  expect(error.faults.length).toBeGreaterThan(0);
  return error.faults;
}
