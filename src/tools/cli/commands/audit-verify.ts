/** `sojourn audit verify`. */
import type { VerifierKey } from '../../../platform/merkle/index.ts';
import type { FileVerification, Verification } from '../../audit/index.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal, text, texts } from '../command.ts';
import { configOption, loadServerConfig } from '../config-option.ts';
import { usageError } from '../failure.ts';
import { limitHeap } from '../heap.ts';
import { counted, printable } from '../print.ts';
import { progressOn } from '../progress.ts';

export const verify: CommandSpec = {
  usage: 'verify',
  description: 'verify that no line was changed, added or removed; servers may keep running',
  notes: ['Exit code: 0 if all is intact, 1 if not, 2 for a usage error.'],
  options: [
    configOption,
    { flags: '--backup <folder>', description: 'verify a backup instead of the store' },
    {
      flags: '--archive <file>',
      description: 'compare pruned lines with an archive of them; may be repeated',
      repeatable: true,
    },
    {
      flags: '--export <file>',
      description: 'verify an export or an archive alone, without a store; needs --key',
    },
    {
      flags: '--key <key>',
      description:
        'the published checkpoint key, or a file with it; by default, the journal key of the store',
    },
    { flags: '--json', description: 'print JSON' },
  ],
  examples: [
    'audit verify --config config/sojourn.yaml',
    'audit verify --backup /backup/2027-01-31 --json',
    'audit verify --export acme.jsonl.gz --key checkpoint-key.txt',
  ],
  async run(args, terminal) {
    limitHeap();
    const key = await readKey(text(args, 'key'));
    const file = text(args, 'export');
    return file === undefined ? verifyLog(args, terminal, key) : verifyAlone(args, terminal, file, key);
  },
};

async function verifyLog(
  args: ParsedArguments,
  terminal: Terminal,
  key: VerifierKey | undefined,
): Promise<number> {
  const { verifyStore } = await import('../../audit/index.ts');
  const log = await openLog(args, terminal);
  const progress = progressOn(terminal);
  try {
    const archives = texts(args, 'archive');
    const result = await verifyStore({ log, key, archives, progress: progress.report });
    progress.end();
    return print(result, describe(result), args, terminal);
  } finally {
    await log.view.close();
  }
}

async function verifyAlone(
  args: ParsedArguments,
  terminal: Terminal,
  file: string,
  key: VerifierKey | undefined,
): Promise<number> {
  const others = ['config', 'backup'].filter((name) => text(args, name) !== undefined);
  if (others.length > 0 || texts(args, 'archive').length > 0)
    throw usageError('--export verifies a file alone: leave out --config, --backup and --archive.');
  if (!key) throw usageError('Give the checkpoint key that the issuer publishes with --key.');
  const { verifyFile } = await import('../../audit/index.ts');
  const result = await verifyFile(file, { key });
  const { lines, kind, origin, tenant, first, last, sealed } = result;
  const whose = tenant === null ? '' : ` of tenant ${tenant}`;
  const range = lines === 0 ? '' : `, from ${first} to ${last} of ${sealed}`;
  return print(
    result,
    `${origin}: ${kind} with ${counted(lines, 'line')}${whose} verified${range}.\n`,
    args,
    terminal,
  );
}

/** Prints the result, and returns the exit code. */
function print(
  result: Verification | FileVerification,
  success: string,
  args: ParsedArguments,
  terminal: Terminal,
): number {
  if (isSet(args, 'json')) terminal.out(`${JSON.stringify(result, null, 2)}\n`);
  else if (result.fault) terminal.err(`${printable(result.fault.detail)}\n→ ${result.fault.advice}\n`);
  else terminal.out(success);
  return result.verified ? 0 : 1;
}

async function openLog(args: ParsedArguments, terminal: Terminal) {
  const { openBackupLog, openConfiguredLog } = await import('../../audit/index.ts');
  const folder = text(args, 'backup');
  if (folder === undefined) return openConfiguredLog(await loadServerConfig(args, terminal.env));
  if (text(args, 'config') !== undefined) throw usageError('Give either --config or --backup.');
  return openBackupLog(folder);
}

/** @param value a verifier key, or the file that has it */
async function readKey(value: string | undefined): Promise<VerifierKey | undefined> {
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

function describe({ origin, sealed, unsealed, pruned, archived, key }: Verification): string {
  const parts = [
    `${counted(sealed, 'line')} verified`,
    ...(unsealed > 0 ? [`${counted(unsealed, 'line')} not sealed yet`] : []),
    ...(pruned > 0
      ? [
          `${counted(pruned, 'line')} pruned${archived > 0 ? `, ${archived} of them verified in archives` : ''}`,
        ]
      : []),
  ];
  return `${origin ?? 'The audit log'}: ${parts.join(', ')}.\n${key === null ? '' : `Key: ${key}\n`}`;
}
