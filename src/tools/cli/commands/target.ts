/** How a connection's target is typed: as JSON, from a file, or field by field. */
import { parseJsonOption, readTextFile } from '../admin.ts';
import { type OptionSpec, type ParsedArguments, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';

export const targetOptions: readonly OptionSpec[] = [
  { flags: '--target <json>', description: 'the target as JSON' },
  { flags: '--target-file <file>', description: 'file with the target as JSON' },
  {
    flags: '--set <field>',
    description: 'one field of the target: name=text, or name:=json; may be repeated',
    repeatable: true,
  },
];

/** Undefined when none of the options was given. `--set` wins over the rest, field by field. */
export function targetOf(args: ParsedArguments): Readonly<Record<string, unknown>> | undefined {
  const inline = text(args, 'target');
  const file = text(args, 'targetFile');
  const fields = texts(args, 'set');
  if (inline !== undefined && file !== undefined)
    throw usageError('--target and --target-file exclude each other.');
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

function parseField(field: string): [name: string, value: unknown] {
  const [, name = '', json, value = ''] = /^([a-z_]+)(:?)=(.*)$/s.exec(field) ?? [];
  if (name === '') throw usageError('--set must be name=text or name:=json.');
  return [name, json ? parseJsonOption(value, `--set ${name}`) : value];
}
