/** Input schemas of connections, and checks that need the tenant or the cloud. */
import { z } from 'zod';
import { type Algorithm, cloudNames, clouds, type Destination } from '../../clouds/index.ts';
import { type Fault, invalidRequest } from '../../platform/errors/index.ts';
import { faultsIn, labelsField, nameField, read } from '../../platform/validation/index.ts';
import type { Tenants } from '../tenants/index.ts';
import type { Connection } from './connection.ts';
import { faultsInPurposes, purposesField } from './purposes.ts';

const algorithmField = z.enum(['RS256', 'ES256'], 'must be RS256 or ES256');
const ttlField = z
  .number()
  .int()
  .min(60, 'must be 60 seconds or more')
  .max(3600, 'must be 3600 seconds at most');
const approvalField = z.enum(['none', 'required'], 'must be none or required');
const targetField = z.record(z.string(), z.unknown());

export const connectionInput = z.strictObject({
  name: nameField,
  tenant: z.string(),
  cloud: z.enum(cloudNames, `must be one of ${cloudNames.join(', ')}`),
  target: targetField.default({}),
  labels: labelsField.default({}),
  purposes: purposesField.optional(),
  algorithm: algorithmField.optional(),
  token_ttl: ttlField.optional(),
  approval: approvalField
    .default('none')
    .describe('Whether each client needs a time-limited grant of an administrator.'),
});

/** Tenant, cloud and issuer cannot change. `target` is merged: null removes a field. */
export const connectionPatch = z.strictObject({
  name: nameField.optional(),
  target: targetField.optional(),
  labels: labelsField.optional().describe('Replaces all labels.'),
  purposes: purposesField.optional().describe('Replaces all purposes.'),
  algorithm: algorithmField.optional(),
  token_ttl: ttlField.nullable().optional(),
  approval: approvalField.optional(),
});

/** The target with these fields merged; null removes a field. Throws `invalid_request`. */
export function merge(
  { cloud, target }: Pick<Connection, 'cloud' | 'target'>,
  fields: Readonly<Record<string, unknown>> = {},
  at = 'target',
): Connection['target'] {
  const merged = Object.entries({ ...target, ...fields }).filter(([, value]) => value !== null);
  return read(clouds[cloud].target, Object.fromEntries(merged), at);
}

export function chooseAlgorithm(
  destination: Destination,
  available: readonly Algorithm[],
  wanted: Algorithm | undefined,
): Algorithm {
  const usable = destination.algorithms.filter((alg) => available.includes(alg));
  const chosen = wanted ? usable.find((alg) => alg === wanted) : usable[0];
  if (chosen) return chosen;
  const message =
    usable.length > 0
      ? `must be ${usable.join(' or ')} for this cloud`
      : `this server has no key that the cloud accepts (${destination.algorithms.join(', ')})`;
  throw invalidRequest([{ path: 'algorithm', message }]);
}

export const unknownTenant: Fault = { path: 'tenant', message: 'there is no such tenant' };

const belonging = z.looseObject({ tenant: connectionInput.shape.tenant });

/** Checks the tenant even if other fields are invalid, so that one error lists all faults. */
export async function faultsInTenant(input: unknown, tenants: Tenants): Promise<Fault[]> {
  const parsed = belonging.safeParse(input);
  return parsed.success && !(await tenants.find(parsed.data.tenant)) ? [unknownTenant] : [];
}

const leading = z.looseObject({
  cloud: connectionInput.shape.cloud,
  target: connectionInput.shape.target,
  purposes: connectionInput.shape.purposes.catch(undefined),
});

/** Validates the target if the cloud is known, and the purposes if the target is valid. */
export function faultsInTarget(input: unknown): readonly Fault[] {
  const parsed = leading.safeParse(input);
  if (!parsed.success) return [];
  const { cloud, target, purposes = {} } = parsed.data;
  const schema = clouds[cloud].target;
  const faults = faultsIn(schema, target, 'target');
  return faults.length > 0 ? faults : faultsInPurposes(cloud, read(schema, target), purposes);
}
