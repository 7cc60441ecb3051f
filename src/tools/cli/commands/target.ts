/** Options for the target of a connection: JSON, a JSON file, or single fields. */

import { SojournError } from '../../../platform/errors/index.ts';
import { parseJsonOption, readTextFile } from '../admin.ts';
import { type OptionSpec, type ParsedArguments, text, texts } from '../command.ts';
import { parseJson, usageError } from '../failure.ts';

export const targetOptions: readonly OptionSpec[] = [
  { flags: '--target <json>', description: 'target as JSON' },
  { flags: '--target-file <file>', description: 'file with the target as JSON' },
  {
    flags: '--set <field>',
    description: 'a field of the target, name=text or name:=json; overrides the others (repeatable)',
    repeatable: true,
  },
];

/** The target; undefined without any of the options. `--set` overrides single fields of the other two. */
export function targetOf(args: ParsedArguments): Readonly<Record<string, unknown>> | undefined {
  const inline = text(args, 'target');
  const file = text(args, 'targetFile');
  const fields = texts(args, 'set');
  if (inline !== undefined && file !== undefined)
    throw usageError('--target cannot be combined with --target-file.');
  if (inline === undefined && file === undefined && fields.length === 0) return undefined;
  const target =
    inline !== undefined
      ? parseJsonOption(inline, '--target')
      : file !== undefined
        ? parseJsonOption(readTextFile(file, '--target-file'), '--target-file')
        : {};
  if (typeof target !== 'object' || target === null || Array.isArray(target))
    throw usageError('The target must be a JSON object.');
  return { ...target, ...Object.fromEntries(fields.map(parseField)) };
}

/** `--set NAME=VALUE` is text: the advice for a field that needs another type names the form for JSON. */
export function refineTargetError(refusal: SojournError, args: ParsedArguments): SojournError {
  const typed = texts(args, 'set').flatMap((field) => {
    const [, name = '', value = ''] = /^([a-z_]+)=(.*)$/s.exec(field) ?? [];
    const isRefused = refusal.message.includes(`target.${name}: must be`);
    const parsed = parseJson(value);
    return isRefused && parsed !== undefined && typeof parsed !== 'string' ? [`--set ${name}:=${value}`] : [];
  });
  return typed.length === 0
    ? refusal
    : new SojournError(refusal.code, {
        detail: refusal.message,
        advice: `Write ${typed.join(' ')}: without the colon, the value is text.`,
        cause: refusal,
      });
}

function parseField(field: string): [name: string, value: unknown] {
  const [, name = '', json, value = ''] = /^([a-z_]+)(:?)=(.*)$/s.exec(field) ?? [];
  if (name === '') throw usageError('--set must be name=text or name:=json.');
  return [name, json ? parseJsonOption(value, `--set ${name}`) : value];
}
