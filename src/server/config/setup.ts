/** What the set-up files may grant, and where the clouds' consoles read them. */
import { z } from 'zod';
import { clouds } from '../../clouds/index.ts';
import { bucketField, type PublishBucket } from './publish.ts';

const nameField = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be a name of lower-case letters, digits and hyphens');

const grants = Object.fromEntries(
  Object.values(clouds).map(({ name, permissionSet }) => [name, permissionSet.optional()]),
);

export type PermissionSets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export const permissionsField: z.ZodType<PermissionSets> = z
  .record(
    nameField,
    z
      .strictObject(grants, 'must say what it grants in which cloud')
      .refine((set) => Object.keys(set).length > 0, 'must grant something in one cloud or more'),
    'must be permission sets by their names',
  )
  .refine((sets) => Object.keys(sets).length <= 50, 'must be 50 permission sets at most');

export const templatesField: z.ZodType<PublishBucket> = bucketField;
