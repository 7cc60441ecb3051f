/** Reads the values key by key, so that one fault never hides another. */
import type { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import {
  isSetting,
  type PartialValues,
  type Path,
  type Setting,
  type Shape,
  settingsOf,
  variableOf,
} from '../../platform/settings/index.ts';
import { type Environment, fromText, variableIn } from './environment.ts';
import { nearest } from './nearest.ts';

export interface ReadResult<S> {
  readonly values: PartialValues<S>;
  readonly faults: readonly Fault[];
}

/** Reads the keys of `shape` from `env`, or else from `raw`, the content of the file. */
export function readShape<S extends Shape>(shape: S, raw: unknown, env: Environment): ReadResult<S> {
  const faults: Fault[] = [];
  const names = settingsOf(shape).map(({ path }) => path);

  const section = (parts: Shape, input: unknown, path: Path): unknown => {
    const fields = isMap(input) ? input : {};
    // YAML reads a section as null if all its lines are comments.
    if (input !== undefined && input !== null && !isMap(input)) {
      faults.push({ path: path.join('.') || 'the file', message: 'must be a section with keys' });
    }
    for (const name of Object.keys(fields)) {
      if (!Object.hasOwn(parts, name)) faults.push(unknownKey(name, path, Object.keys(parts), names));
    }
    return Object.fromEntries(
      Object.entries(parts).map(([name, part]) => {
        const below = Object.hasOwn(fields, name) ? fields[name] : undefined;
        const here = [...path, name];
        return [name, isSetting(part) ? setting(part, below, here) : section(part, below, here)];
      }),
    );
  };

  const setting = ({ field, initial }: Setting, input: unknown, path: Path): unknown => {
    const text = variableIn(env, variableOf(path));
    const value = text === undefined ? (input === undefined ? initial : input) : fromText(text, initial);
    const parsed = field.safeParse(value, { error: messageOf });
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues)
      faults.push({ path: [...path, ...issue.path.map(String)].join('.'), message: issue.message });
    return undefined;
  };

  return { values: section(shape, raw, []) as PartialValues<S>, faults };
}

function unknownKey(name: string, path: Path, siblings: readonly string[], all: readonly Path[]): Fault {
  const suggestion =
    nearest(name, siblings) ?? all.find((candidate) => candidate.at(-1) === name)?.join('.') ?? undefined;
  const spelled = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  return {
    path: [...path, spelled].join('.'),
    message: `is unknown${suggestion ? `; did you mean ${suggestion}?` : ''}`,
  };
}

/** Messages for issues that a field does not describe itself. */
const messageOf = (issue: z.core.$ZodRawIssue): string => {
  if (issue.input === undefined) return 'is missing';
  if (issue.input === null) return 'has no value';
  // The name may be a misplaced secret, so it is repeated only if it looks like a name.
  if (issue.code === 'unrecognized_keys')
    return `has an unknown key: ${issue.keys.map((name) => (/^\w{1,40}$/.test(name) ? name : '(unreadable name)')).join(', ')}`;
  if (issue.code !== 'invalid_type') return 'is not valid';
  return { string: 'must be text', boolean: 'must be true or false', array: 'must be a list' }[
    issue.expected as 'string'
  ];
};

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
