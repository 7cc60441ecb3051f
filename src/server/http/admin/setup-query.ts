/** Query parameters of the set-up files. Onboarding checks which of them apply to which cloud. */
import { z } from 'zod';
import type { SetupRequest } from '../../../onboarding/setup/index.ts';

const text = z.string().max(4_000, 'must be at most 4000 characters');

const list = text.transform((items) => items.split(',').map((item) => item.trim())).exactOptional();

const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true')
  .exactOptional();

const seconds = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number of seconds')
  .transform(Number)
  .exactOptional();

const json = text
  .transform((value, context): unknown => {
    try {
      return JSON.parse(value);
    } catch {
      context.issues.push({ code: 'custom', message: 'must be JSON', input: value });
      return z.NEVER;
    }
  })
  .exactOptional();

export const setupQuery = z.strictObject({
  permissions: list.describe('Names of permission sets from `setup.permissions`, separated by commas.'),
  additional_connections: list.describe(
    'Ids of further connections of the same tenant and cloud that the same files set up, separated by commas.',
  ),
  tags: json.describe('AWS and Azure: tags of the created resources, as a JSON object of strings.'),
  existing_provider: flag.describe('AWS: the account already has the OIDC provider of the issuer.'),
  role_name: text.exactOptional().describe('AWS: name of the role.'),
  managed_policy_arns: list.describe(
    'AWS: ARNs of managed policies in addition to the permission sets, separated by commas.',
  ),
  permissions_boundary: text.exactOptional().describe('AWS: ARN of the permissions boundary of the role.'),
  max_session_seconds: seconds.describe('AWS: the maximum session duration of the role.'),
  identity_name: text.exactOptional().describe('Azure: name of the user-assigned identity.'),
  roles: list.describe(
    'In addition to the permission sets, separated by commas. Azure: GUIDs of role definitions. Google Cloud: roles in the project.',
  ),
  existing_pool: flag.describe('Google Cloud: the project already has the workload identity pool.'),
});

/** The same parameters as a query string, for the links to single files. */
export const searchOf = (request: SetupRequest): string => {
  const search = new URLSearchParams(
    Object.entries(request).map(([name, value]): [string, string] => [
      name,
      Array.isArray(value)
        ? value.join(',')
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value),
    ]),
  ).toString();
  return search && `?${search}`;
};
