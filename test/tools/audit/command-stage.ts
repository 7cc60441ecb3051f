/** The commands on the audit log, on a store as a server leaves it: with a configuration and a journal key. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../src/platform/log/index.ts';
import { verifierKey } from '../../../src/platform/merkle/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import { systemNow } from '../../../src/platform/time/index.ts';
import { fileBackend, JournalKey } from '../../../src/tokens/keys/index.ts';
import { writeConfig } from '../../e2e/process.ts';
import { type CommandResult, runCommand } from '../cli/arrange.ts';
import { type JournalBench, journalBench } from './journal-bench.ts';

export interface CommandStage extends JournalBench {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** The published key. */
  readonly key: string;
  /** Runs `sojourn audit …` with the configuration. */
  audit(...args: string[]): Promise<CommandResult>;
  /** Runs `sojourn …` without one. */
  run(...args: string[]): Promise<CommandResult>;
  /** Writes the configuration again with another `audit` section. */
  configure(audit: object): Promise<void>;
}

const encryptionKey = new Uint8Array(32).fill(7);

export async function commandStage(sharedUrl: string | undefined): Promise<CommandStage> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-audit-'));
  const env = { KEK: Buffer.from(encryptionKey).toString('base64url') };
  const openKey = async (store: Store) => {
    const options = {
      ...{ store, folder: join(folder, 'keys'), logger: createLogger({ level: 'silent' }), now: systemNow },
      ...{ backend: fileBackend(encryptionKey), mayCreate: async () => true, record: async () => undefined },
    };
    const key = new JournalKey(options);
    await key.refresh();
    return key;
  };
  const bench = await journalBench(sharedUrl, openKey);
  const configure = async (audit: object = {}) => {
    const config = { store: bench.url, keys: { encryption_key: 'env:KEK' }, audit };
    await writeConfig({ folder, port: 8_080, config });
  };
  await configure();
  return {
    ...bench,
    folder,
    env,
    key: verifierKey('idp.example.com/audit', bench.signer.jwk!).text,
    configure,
    audit: (...args) => runCommand(['audit', ...args, '--config', join(folder, 'sojourn.yaml')], env),
    run: (...args) => runCommand(args, env),
    async end() {
      await bench.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
