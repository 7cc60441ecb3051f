/** How a connection's target is typed: as JSON, from a file, or field by field. */
import { jsonGiven, readGiven } from '../admin.ts';
import { type Given, type OptionSpec, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';

export const targetOptions: readonly OptionSpec[] = [
  { flags: '--target <json>', about: 'the target as JSON' },
  { flags: '--target-file <file>', about: 'file with the target as JSON' },
  {
    flags: '--set <field>',
    about: 'one field of the target: name=text, or name:=json; may be repeated',
    many: true,
  },
];

/** Undefined when none of the options was given. `--set` wins over the rest, field by field. */
export function targetOf(given: Given): Readonly<Record<string, unknown>> | undefined {
  const inline = text(given, 'target');
  const file = text(given, 'targetFile');
  const fields = texts(given, 'set');
  if (inline !== undefined && file !== undefined)
    throw usageError('--target and --target-file exclude each other.');
  if (inline === undefined && file === undefined && fields.length === 0) return undefined;
  const whole =
    inline !== undefined
      ? jsonGiven(inline, '--target')
      : file !== undefined
        ? jsonGiven(readGiven(file, '--target-file'), '--target-file')
        : {};
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole))
    throw usageError('The target must be a JSON object.');
  return { ...whole, ...Object.fromEntries(fields.map(fieldOf)) };
}

function fieldOf(field: string): [name: string, value: unknown] {
  const [, name = '', json, value = ''] = /^([a-z_]+)(:?)=(.*)$/s.exec(field) ?? [];
  if (name === '') throw usageError('--set must be name=text or name:=json.');
  return [name, json ? jsonGiven(value, `--set ${name}`) : value];
}
