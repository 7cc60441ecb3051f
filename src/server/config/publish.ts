/** Buckets for mirrors and templates, each with the connection that grants access to it. */
import { z } from 'zod';
import { type BucketLocation, bucketSchemes, objectStoreAt } from '../../clouds/index.ts';
import { isId } from '../../platform/ids/index.ts';
import { endpointField } from '../../platform/settings/index.ts';

export interface PublishBucket extends BucketLocation {
  readonly connection: string;
  /** Without a trailing slash. */
  readonly public_url?: string | undefined;
}

export const bucketField = z
  .strictObject({
    to: z.string('must be text').transform((to) => to.replace(/\/+$/, '')),
    connection: z.string('must be text').refine((id) => isId('con', id), 'must be the id of a connection'),
    region: z.string('must be text').optional(),
    endpoint: endpointField.optional(),
    public_url: endpointField.optional(),
  })
  .superRefine((location, context) => {
    const store = objectStoreAt(location.to);
    const fault = store
      ? store.faultOf(location)
      : { field: 'to', message: `must begin with ${bucketSchemes}` };
    if (fault) context.addIssue({ code: 'custom', path: [fault.field], message: fault.message });
  });

export const publishField: z.ZodType<readonly PublishBucket[]> = z
  .array(bucketField)
  .max(10, 'must have at most 10 buckets')
  .refine(
    (list) => new Set(list.map(({ to }) => to)).size === list.length,
    'must not name a bucket more than once',
  );
