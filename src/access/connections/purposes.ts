/** What a connection may be used for, where not for everything: each purpose narrows what its credentials open. Pure. */
import { z } from 'zod';
import { type CloudName, clouds } from '../../clouds/index.ts';
import { type Fault, invalidRequest } from '../../platform/errors/index.ts';
import { faultsIn, purposeName, read } from '../../platform/validation/index.ts';
import type { Connection, Purposes } from './connection.ts';

const maxPurposes = 20;

export const purposesField = z
  .record(purposeName, z.record(z.string(), z.unknown()))
  .refine((purposes) => Object.keys(purposes).length <= maxPurposes, `must be ${maxPurposes} at most`)
  .describe('What it may be used for, by name; each says which fields of the target it narrows.');

/** As the cloud keeps them. Throws `invalid_request` with every field that is faulty or not proven to narrow. */
export function readPurposes(cloud: CloudName, target: unknown, given: Purposes): Purposes {
  const faults = faultsInPurposes(cloud, target, given);
  if (faults.length > 0) throw invalidRequest(faults);
  return Object.fromEntries(
    Object.entries(given).map(([name, purpose]) => [name, read(clouds[cloud].purpose, purpose)]),
  );
}

/** `target` and the names have passed their schemas. */
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
 * The connection with no more than this purpose opens. What was proven when it was saved holds for its target; a life of
 * the connection's own tokens must not be longer than the one that the purpose asks for.
 */
export function narrowedTo(connection: Connection, name: string | undefined): Connection {
  const { cloud, purposes = {}, token_ttl } = connection;
  if (name === undefined) return connection;
  // Never a fallback to the whole: what is not there opens nothing.
  if (!Object.hasOwn(purposes, name)) throw invalidRequest([{ path: 'purpose', message: 'is not there' }]);
  const target = { ...connection.target, ...purposes[name] };
  const { tokenSeconds } = clouds[cloud].destination(target);
  const ttl = token_ttl === null ? null : Math.min(token_ttl, tokenSeconds ?? token_ttl);
  return { ...connection, target, token_ttl: ttl };
}
