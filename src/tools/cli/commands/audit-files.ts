/** `sojourn audit archive`, `prune` and `export`: lines of the audit log in files with their proofs. */
import type { LineSummary, WrittenFile } from '../../audit/index.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal, text } from '../command.ts';
import { configOption, loadServerConfig } from '../config-option.ts';
import { usageError } from '../failure.ts';
import { limitHeap } from '../heap.ts';
import { columns, counted } from '../print.ts';
import { progressOn } from '../progress.ts';

const jsonOption = { flags: '--json', description: 'print JSON' };

export const archive: CommandSpec = {
  usage: 'archive',
  description: 'write lines that are older than audit.retention to a file; they stay in the log',
  options: [
    configOption,
    { flags: '--output <file>', description: 'file to create', required: true },
    { flags: '--all', description: 'write all sealed lines' },
    jsonOption,
  ],
  examples: [
    'audit archive --output /archive/2027-01.jsonl.gz',
    'audit archive --all --output audit.jsonl.gz',
  ],
  async run(args, terminal) {
    limitHeap();
    const config = await loadServerConfig(args, terminal.env);
    const { archiveLog } = await import('../../audit/index.ts');
    const options = { file: text(args, 'output')!, all: isSet(args, 'all') };
    return printFile(args, terminal, 'due', (progress) => archiveLog(config, { ...options, progress }));
  },
};

export const prune: CommandSpec = {
  usage: 'prune',
  description:
    'show which lines are older than audit.retention; with --apply, archive them and remove their texts',
  options: [
    configOption,
    { flags: '--apply', description: 'write the archive, then remove the texts; the log stays verifiable' },
    { flags: '--output <file>', description: 'archive to create; required with --apply' },
    jsonOption,
  ],
  examples: ['audit prune', 'audit prune --apply --output /archive/2027-01.jsonl.gz'],
  async run(args, terminal) {
    const file = text(args, 'output');
    const isApplied = isSet(args, 'apply');
    if (isApplied !== (file !== undefined))
      throw usageError('Give both --apply and --output, or none of them.');
    limitHeap();
    const config = await loadServerConfig(args, terminal.env);
    const { findDue, pruneLog } = await import('../../audit/index.ts');
    if (file !== undefined)
      return printFile(args, terminal, 'pruned', (progress) => pruneLog(config, { file, progress }));
    const due = await withProgress(terminal, (progress) => findDue(config, progress));
    if (isSet(args, 'json')) terminal.out(`${JSON.stringify(due, null, 2)}\n`);
    else
      terminal.out(`${describe(due, 'due')}${due.lines > 0 ? 'To archive and remove them: --apply\n' : ''}`);
    return 0;
  },
};

export const exportLines: CommandSpec = {
  usage: 'export',
  description: 'write the lines of a tenant with proofs, which the tenant can verify with the published key',
  options: [
    configOption,
    { flags: '--tenant <id>', description: 'the tenant', required: true },
    { flags: '--out <file>', description: 'file to create', required: true },
    jsonOption,
  ],
  examples: ['audit export --tenant ten_01k0… --out acme.jsonl.gz'],
  async run(args, terminal) {
    limitHeap();
    const config = await loadServerConfig(args, terminal.env);
    const { exportTenant } = await import('../../audit/index.ts');
    const options = { file: text(args, 'out')!, tenant: text(args, 'tenant')! };
    return printFile(args, terminal, 'of this tenant', (progress) =>
      exportTenant(config, { ...options, progress }),
    );
  },
};

async function printFile(
  args: ParsedArguments,
  terminal: Terminal,
  which: string,
  work: (progress: (lines: number) => void) => Promise<WrittenFile>,
): Promise<number> {
  const result = await withProgress(terminal, work);
  if (isSet(args, 'json')) terminal.out(`${JSON.stringify(result, null, 2)}\n`);
  else {
    const written = result.file === null ? '' : `Wrote ${result.file}.\nSHA-256: ${result.sha256}\n`;
    terminal.out(`${describe(result, which)}${written}`);
  }
  return 0;
}

async function withProgress<T>(
  terminal: Terminal,
  work: (progress: (lines: number) => void) => Promise<T>,
): Promise<T> {
  const progress = progressOn(terminal);
  try {
    return await work(progress.report);
  } finally {
    progress.end();
  }
}

function describe({ lines, first, last, first_at, last_at, events }: LineSummary, which: string): string {
  if (lines === 0) return `No line is ${which}.\n`;
  const rows = Object.entries(events).map(([event, count]) => ({ event, lines: count }));
  const range = `${counted(lines, 'line')} ${which}, from ${first} of ${first_at} to ${last} of ${last_at}.`;
  return `${range}\n${columns(rows, ['event', 'lines'])}`;
}
