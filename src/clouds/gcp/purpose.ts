/** What a purpose may say of an access token, and what of it could open more than the connection does. */
import { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import { cloudPlatform, type GcpTarget, lifetimeField, scopesField } from './target.ts';

export const purpose = z
  .strictObject({ scopes: scopesField.optional(), lifetime_seconds: lifetimeField.optional() })
  .refine((given) => Object.keys(given).length > 0, {
    message: 'must say what it narrows',
    when: ({ issues }) => issues.length === 0,
  });

/**
 * Only scopes that the target has, or any where it has cloud-platform, which stands for all of Google Cloud. It does not
 * stand for Workspace, whose data no cloud scope opens.
 */
export function widenedFields(target: GcpTarget, given: z.output<typeof purpose>): readonly Fault[] {
  const { scopes = [], lifetime_seconds } = given;
  const all = target.scopes.includes(cloudPlatform);
  const more = scopes.filter((scope) => !target.scopes.includes(scope) && !(all && isOfCloud(scope)));
  const faults: Fault[] = [];
  if (more.length > 0)
    faults.push({ path: 'scopes', message: `must be among those of the target: ${more.join(', ')}` });
  if (lifetime_seconds === undefined) return faults;
  if (target.lifetime_seconds === undefined)
    faults.push({
      path: 'lifetime_seconds',
      message: 'cannot be compared: give the target a lifetime_seconds first',
    });
  else if (lifetime_seconds > target.lifetime_seconds)
    faults.push({
      path: 'lifetime_seconds',
      message: `must be ${target.lifetime_seconds} seconds at most, as for the target`,
    });
  return faults;
}

/** developers.google.com/identity/protocols/oauth2/scopes: scopes of APIs of Google Cloud, all below cloud-platform. */
const ofCloud = [
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

const isOfCloud = (scope: string): boolean =>
  ofCloud.some((name) => scope === `https://www.googleapis.com/auth/${name}`);
