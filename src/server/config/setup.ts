/** Permission sets for set-up files, and the bucket that clouds' consoles read templates from. */
import { z } from 'zod';
import { cloudNames, clouds } from '../../clouds/index.ts';
import { bucketField, type PublishBucket } from './publish.ts';

const nameField = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be a name of lower-case letters, digits and hyphens');

const grants = Object.fromEntries(
  cloudNames.flatMap((name) => {
    const { setUp } = clouds[name];
    return setUp ? [[name, setUp.permissionSet.optional()]] : [];
  }),
);

export type PermissionSets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export const permissionsField: z.ZodType<PermissionSets> = z
  .record(
    nameField,
    z
      .strictObject(grants, 'must have a section for each cloud that it grants permissions in')
      .refine((set) => Object.keys(set).length > 0, 'must grant permissions in at least one cloud'),
    'must map names to permission sets',
  )
  .refine((sets) => Object.keys(sets).length <= 50, 'must be at most 50 permission sets');

export const templatesField: z.ZodType<PublishBucket> = bucketField;
