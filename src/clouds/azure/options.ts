/** Set-up options of a customer in Azure, and the vendor's permission sets for Azure. */
import { z } from 'zod';

const maxRoles = 20;

const rolesField = z
  .array(
    z
      .string('must be a string')
      .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be the GUID of a role definition')
      .transform((guid) => guid.toLowerCase()),
    'must be a list of GUIDs',
  )
  .max(maxRoles, `must be ${maxRoles} roles at most`);

/**
 * learn.microsoft.com/azure/azure-resource-manager/management/tag-resources. Two more rules: no brackets, because a template
 * evaluates text in them, and a letter or digit first, because the command line reads `@…` from a file.
 */
const tagName = /^[\p{L}\p{N}][^<>%&\\?/[\]=\p{C}\p{Zl}\p{Zp}]{0,127}$/u;

const tagsField = z
  .record(
    z.string(),
    z
      .string('must be a string')
      .max(256, 'must be 256 characters at most')
      .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'must not contain control characters'),
    'must be an object of strings',
  )
  .superRefine((tags, context) => {
    const message =
      'the name must be 1 to 128 characters, the first a letter or digit, without < > % & \\ ? / [ ] =';
    for (const name of Object.keys(tags))
      if (!tagName.test(name)) context.addIssue({ code: 'custom', path: [name], message });
  })
  .refine((tags) => Object.keys(tags).length <= 50, 'must be 50 tags at most');

export const setupOptions = z.strictObject({
  identity_name: z
    .string('must be a string')
    .regex(
      /^[A-Za-z0-9][\w-]{2,127}$/,
      'must be 3 to 128 letters, digits, hyphens or underscores, the first a letter or digit',
    )
    .optional(),
  /** Added by the customer to those of the permission sets. */
  roles: rolesField.optional(),
  tags: tagsField.optional(),
});

export type AzureSetupOptions = z.output<typeof setupOptions>;

export const permissionSet = z.strictObject({
  roles: rolesField.min(1, 'must name one role or more'),
});

export type AzurePermissionSet = z.output<typeof permissionSet>;
