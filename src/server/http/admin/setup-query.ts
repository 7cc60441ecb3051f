/** What may be asked of the set-up files, as it stands in a query; which of it goes with which cloud, onboarding knows. */
import { z } from 'zod';
import type { SetupRequest } from '../../../onboarding/setup/index.ts';

const text = z.string().max(4_000, 'must not be over 4000 characters');

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
  permissions: list.describe('Names of permission sets of `setup.permissions`, separated by commas.'),
  with: list.describe(
    'Ids of more connections, of the same tenant to the same cloud, that the same files set up, separated by commas.',
  ),
  tags: json.describe('AWS and Azure: tags of what is created, as a JSON object of strings.'),
  existing_provider: flag.describe("AWS: the account has the issuer's OIDC provider already."),
  role_name: text.exactOptional().describe('AWS: name of the role.'),
  managed_policy_arns: list.describe(
    'AWS: managed policies beside the permission sets, separated by commas.',
  ),
  permissions_boundary: text.exactOptional().describe('AWS: ARN of the permissions boundary of the role.'),
  max_session_seconds: seconds.describe('AWS: the longest session of the role.'),
  identity_name: text.exactOptional().describe('Azure: name of the user-assigned identity.'),
  roles: list.describe(
    'Azure: GUIDs of role definitions, Google Cloud: roles in the project, beside the permission sets; separated by commas.',
  ),
  existing_pool: flag.describe('Google Cloud: the project has the workload identity pool already.'),
});

/** What was asked for, for the links to the single files: they are to be of the same form. */
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
