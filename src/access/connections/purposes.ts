/** Purposes: named narrowings of a connection's target. Pure. */
import { z } from 'zod';
import { cloudOf } from '../../clouds/index.ts';
import { type Fault, invalidRequest } from '../../platform/errors/index.ts';
import { purposeName, type Validated, validate } from '../../platform/validation/index.ts';
import { type Connection, type Purposes, type ResolvedConnection, resolveConnection } from './connection.ts';

const maxPurposes = 20;

export const purposesField = z
  .record(purposeName, z.record(z.string(), z.unknown()))
  .refine((purposes) => Object.keys(purposes).length <= maxPurposes, `must be ${maxPurposes} at most`)
  .describe('Purposes by name; each contains the fields of the target that it narrows.');

/** The validated purposes. Throws `invalid_request` with every field that is invalid or not proven to narrow the target. */
export function readPurposes(cloud: string, target: Connection['target'], input: Purposes): Purposes {
  const { value, faults } = validatePurposes(cloud, target, input);
  if (!value) throw invalidRequest(faults);
  return value;
}

/** `target` and the purpose names must already be validated. */
export function validatePurposes(
  cloud: string,
  target: Connection['target'],
  input: Purposes,
): Validated<Purposes> {
  const rules = cloudOf(cloud).purposes;
  const faults: Fault[] = [];
  const purposes: Record<string, Purposes[string]> = {};
  for (const [name, fields] of Object.entries(input)) {
    const path = `purposes.${name}`;
    if (!rules) {
      faults.push({ path, message: `is not possible: ${cloud} has no purposes` });
      continue;
    }
    const { value, faults: invalid } = validate(rules.schema, fields, path);
    faults.push(...invalid);
    if (!value) continue;
    purposes[name] = value;
    for (const widened of rules.widenedFields(target, value))
      faults.push({ path: `${path}.${widened.path}`, message: widened.message });
  }
  return faults.length > 0 ? { faults } : { value: purposes, faults };
}

export const purposesOf = ({ purposes = {} }: Pick<Connection, 'purposes'>): readonly string[] =>
  Object.keys(purposes);

/**
 * Resolves the connection, narrowed to a purpose if there is one. The purpose was proven to narrow this target when it was
 * saved. The token lifetime of the connection is cut to that of the purpose.
 */
export function resolveFor(connection: Connection, name: string | undefined): ResolvedConnection {
  const { purposes = {}, token_ttl } = connection;
  if (name === undefined) return resolveConnection(connection);
  // An unknown purpose never falls back to the whole connection.
  if (!Object.hasOwn(purposes, name)) throw invalidRequest([{ path: 'purpose', message: 'does not exist' }]);
  const narrowed = resolveConnection({
    ...connection,
    target: { ...connection.target, ...purposes[name] },
  });
  const { tokenSeconds } = narrowed.destination;
  if (token_ttl === null || tokenSeconds === undefined) return narrowed;
  return { ...narrowed, tokenSeconds: Math.min(token_ttl, tokenSeconds) };
}

/** Notes on the cloud, and what it probably refuses although every field is valid: of the target, then of each purpose. */
export function warningsOf({ cloud, target, purposes = {} }: Connection): readonly string[] {
  const of = (fields: Connection['target']) => cloudOf(cloud).warnings?.(fields) ?? [];
  const own = of(target);
  return [
    ...(cloudOf(cloud).notes ?? []),
    ...own.map((warning) => `target: ${warning}`),
    ...Object.entries(purposes).flatMap(([name, fields]) =>
      of({ ...target, ...fields })
        .filter((warning) => !own.includes(warning))
        .map((warning) => `purposes.${name}: ${warning}`),
    ),
  ];
}
