/** Purposes: named narrowings of a connection's target. Pure. */
import { z } from 'zod';
import { type CloudName, clouds } from '../../clouds/index.ts';
import { type Fault, invalidRequest } from '../../platform/errors/index.ts';
import { faultsIn, purposeName, read } from '../../platform/validation/index.ts';
import type { Connection, Purposes } from './connection.ts';

const maxPurposes = 20;

export const purposesField = z
  .record(purposeName, z.record(z.string(), z.unknown()))
  .refine((purposes) => Object.keys(purposes).length <= maxPurposes, `must be ${maxPurposes} at most`)
  .describe('Purposes by name; each contains the fields of the target that it narrows.');

/** The validated purposes. Throws `invalid_request` with every field that is invalid or not proven to narrow the target. */
export function readPurposes(cloud: CloudName, target: unknown, given: Purposes): Purposes {
  const faults = faultsInPurposes(cloud, target, given);
  if (faults.length > 0) throw invalidRequest(faults);
  return Object.fromEntries(
    Object.entries(given).map(([name, purpose]) => [name, read(clouds[cloud].purpose, purpose)]),
  );
}

/** `target` and the purpose names must already be validated. */
export function faultsInPurposes(cloud: CloudName, target: unknown, given: Purposes): readonly Fault[] {
  const one = clouds[cloud];
  return Object.entries(given).flatMap(([name, purpose]) => {
    const at = `purposes.${name}`;
    const faults = faultsIn(one.purpose, purpose, at);
    if (faults.length > 0) return faults;
    return one.widenedFields(target, read(one.purpose, purpose)).map(({ path, message }) => ({
      path: `${at}.${path}`,
      message,
    }));
  });
}

export const purposesOf = ({ purposes = {} }: Pick<Connection, 'purposes'>): readonly string[] =>
  Object.keys(purposes);

/**
 * The connection narrowed to a purpose. The purpose was proven to narrow this target when it was saved. The token lifetime
 * of the connection is cut to that of the purpose.
 */
export function narrowedTo(connection: Connection, name: string | undefined): Connection {
  const { cloud, purposes = {}, token_ttl } = connection;
  if (name === undefined) return connection;
  // An unknown purpose never falls back to the whole connection.
  if (!Object.hasOwn(purposes, name)) throw invalidRequest([{ path: 'purpose', message: 'is not there' }]);
  const target = { ...connection.target, ...purposes[name] };
  const { tokenSeconds } = clouds[cloud].destination(target);
  const ttl = token_ttl === null ? null : Math.min(token_ttl, tokenSeconds ?? token_ttl);
  return { ...connection, target, token_ttl: ttl };
}
