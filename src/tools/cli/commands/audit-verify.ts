/** `sojourn audit verify`. */
import type { VerifierKey } from '../../../platform/merkle/index.ts';
import type { Fault, Verification } from '../../audit/index.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal, text } from '../command.ts';
import { configOption, loadServerConfig } from '../config-option.ts';
import { usageError } from '../failure.ts';
import { counted, printable } from '../print.ts';
import { progressOn } from '../progress.ts';

export const keyOption = {
  flags: '--key <key>',
  description: 'the published checkpoint key, or a file with it; by default, the journal key beside the log',
};

export const verify: CommandSpec = {
  usage: 'verify',
  description: 'verify that no line was changed, added or removed; servers may keep running',
  notes: ['Exit code: 0 if all is intact, 1 if not, 2 for a usage error.'],
  options: [
    configOption,
    { flags: '--backup <folder>', description: 'verify a backup instead of the store' },
    keyOption,
    { flags: '--json', description: 'print JSON' },
  ],
  examples: ['audit verify --config config/sojourn.yaml', 'audit verify --backup /backup/2027-01-31 --json'],
  async run(args, terminal) {
    const key = await readKey(text(args, 'key'));
    const { verifyStore } = await import('../../audit/index.ts');
    const log = await openLog(args, terminal);
    const progress = progressOn(terminal);
    try {
      const result = await verifyStore({ log, key, progress: progress.report });
      progress.end();
      if (isSet(args, 'json')) terminal.out(`${JSON.stringify(result, null, 2)}\n`);
      else if (result.fault) reportFault(result.fault, terminal);
      else terminal.out(describe(result));
      return result.verified ? 0 : 1;
    } finally {
      await log.view.close();
    }
  },
};

async function openLog(args: ParsedArguments, terminal: Terminal) {
  const { openBackupLog, openConfiguredLog } = await import('../../audit/index.ts');
  const folder = text(args, 'backup');
  if (folder === undefined) return openConfiguredLog(await loadServerConfig(args, terminal.env));
  if (text(args, 'config') !== undefined) throw usageError('Give either --config or --backup.');
  return openBackupLog(folder);
}

/** @param value a verifier key, or the file that has it */
export async function readKey(value: string | undefined): Promise<VerifierKey | undefined> {
  if (value === undefined) return undefined;
  const { parseVerifierKey } = await import('../../../platform/merkle/index.ts');
  const { readFile } = await import('node:fs/promises');
  const content = await readFile(value, 'utf8').catch(() => value);
  try {
    return parseVerifierKey(content.trim());
  } catch {
    throw usageError(
      '--key: is not a checkpoint key, and no file with one. Copy it as the issuer publishes it.',
    );
  }
}

export const reportFault = ({ detail, advice }: Fault, terminal: Terminal): void =>
  terminal.err(`${printable(detail)}\n→ ${advice}\n`);

function describe({ origin, sealed, unsealed, pruned, key }: Verification): string {
  const parts = [
    `${counted(sealed, 'line')} verified`,
    ...(unsealed > 0 ? [`${counted(unsealed, 'line')} not sealed yet`] : []),
    ...(pruned > 0 ? [`${counted(pruned, 'line')} pruned`] : []),
  ];
  return `${origin ?? 'The audit log'}: ${parts.join(', ')}.\n${key === null ? '' : `Key: ${key}\n`}`;
}
