/** Set-up options of a customer in Google Cloud, and the vendor's permission sets for Google Cloud. */
import { z } from 'zod';

const maxRoles = 20;

const rolesField = (pattern: RegExp, message: string) =>
  z
    .array(
      z.string('must be a string').max(256, 'must be 256 characters at most').regex(pattern, message),
      'must be a list of roles',
    )
    .max(maxRoles, `must be ${maxRoles} roles at most`);

export const setupOptions = z.strictObject({
  /** The project already has the pool. */
  existing_pool: z.boolean('must be true or false').optional(),
  /** Roles in the project, added by the customer to those of the permission sets. */
  roles: rolesField(
    /^(roles|projects\/[a-z0-9-]+\/roles|organizations\/\d+\/roles)\/[\w.]+$/,
    'must be a role: roles/NAME, projects/ID/roles/NAME or organizations/NUMBER/roles/NAME',
  ).optional(),
});

export type GcpSetupOptions = z.output<typeof setupOptions>;

export const permissionSet = z.strictObject({
  roles: rolesField(/^roles\/[\w.]+$/, 'must be a predefined role of Google: roles/NAME').min(
    1,
    'must name one role or more',
  ),
});

export type GcpPermissionSet = z.output<typeof permissionSet>;
