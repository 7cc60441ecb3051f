/** What a customer may want otherwise in Google Cloud, and what a permission set of the vendor grants there. */
import { z } from 'zod';

const maxRoles = 20;

const rolesField = (form: RegExp, message: string) =>
  z
    .array(
      z.string('must be a string').max(256, 'must be 256 characters at most').regex(form, message),
      'must be a list of roles',
    )
    .max(maxRoles, `must be ${maxRoles} roles at most`);

export const setupOptions = z.strictObject({
  /** The project has the pool already. */
  existing_pool: z.boolean('must be true or false').optional(),
  /** Of the customer's own choice, in the project, besides those of the permission sets. */
  roles: rolesField(
    /^(roles|projects\/[a-z0-9-]+\/roles|organizations\/\d+\/roles)\/[\w.]+$/,
    'must be a role: roles/NAME, projects/ID/roles/NAME or organizations/NUMBER/roles/NAME',
  ).optional(),
});

export type GcpSetupOptions = z.output<typeof setupOptions>;

export const permissionSet = z.strictObject({
  roles: rolesField(/^roles\/[\w.]+$/, "must be a role of Google's own: roles/NAME").min(
    1,
    'must name one role or more',
  ),
});

export type GcpPermissionSet = z.output<typeof permissionSet>;
