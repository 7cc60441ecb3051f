/** The schema of a purpose for Google access tokens, and the check that it does not allow more than the connection. */
import { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import { cloudPlatform, type GcpTarget, lifetimeField, scopesField } from './target.ts';

export const purpose = z
  .strictObject({ scopes: scopesField.optional(), lifetime_seconds: lifetimeField.optional() })
  .refine((purpose) => Object.keys(purpose).length > 0, {
    message: 'must narrow at least one field of the target',
    when: ({ issues }) => issues.length === 0,
  });

/**
 * A purpose may have scopes of the target or, if the target has cloud-platform, any scope of Google Cloud. cloud-platform does
 * not include Workspace scopes.
 */
export function widenedFields(target: GcpTarget, narrowing: z.output<typeof purpose>): readonly Fault[] {
  const { scopes = [], lifetime_seconds } = narrowing;
  const hasCloudPlatform = target.scopes.includes(cloudPlatform);
  const extra = scopes.filter(
    (scope) => !target.scopes.includes(scope) && !(hasCloudPlatform && isCloudScope(scope)),
  );
  const faults: Fault[] = [];
  if (extra.length > 0)
    faults.push({ path: 'scopes', message: `must be among those of the target: ${extra.join(', ')}` });
  if (lifetime_seconds === undefined) return faults;
  if (target.lifetime_seconds === undefined)
    faults.push({
      path: 'lifetime_seconds',
      message: 'must not be set unless the target has a lifetime_seconds',
    });
  else if (lifetime_seconds > target.lifetime_seconds)
    faults.push({
      path: 'lifetime_seconds',
      message: `must be ${target.lifetime_seconds} seconds at most, as in the target`,
    });
  return faults;
}

/** developers.google.com/identity/protocols/oauth2/scopes: the scopes of Google Cloud APIs, all included in cloud-platform. */
const cloudScopes = [
  'cloud-platform.read-only',
  'bigquery',
  'bigquery.insertdata',
  'bigquery.readonly',
  'cloud_debugger',
  'compute',
  'compute.readonly',
  'datastore',
  'devstorage.full_control',
  'devstorage.read_only',
  'devstorage.read_write',
  'logging.admin',
  'logging.read',
  'logging.write',
  'monitoring',
  'monitoring.read',
  'monitoring.write',
  'ndev.clouddns.readonly',
  'ndev.clouddns.readwrite',
  'pubsub',
  'service.management',
  'service.management.readonly',
  'servicecontrol',
  'spanner.admin',
  'spanner.data',
  'sqlservice.admin',
  'trace.append',
  'trace.readonly',
];

const isCloudScope = (scope: string): boolean =>
  cloudScopes.some((name) => scope === `https://www.googleapis.com/auth/${name}`);
