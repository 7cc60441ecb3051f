/** The schemas of a tenant: its record and its API inputs. */
import { z } from 'zod';
import { type Immutable, nameField, timestamp } from '../../platform/validation/index.ts';

export const tenantRecord = z.object({
  id: z.string(),
  name: z.string(),
  /** Whether its connections use the tenant's own issuer instead of the shared one. */
  own_issuer: z.boolean(),
  /** Whether its own issuer has its own keys; never changes once it has its own issuer. */
  own_keys: z.boolean().nullable().describe('Null if the tenant never had its own issuer.'),
  created_at: timestamp,
  updated_at: timestamp,
});

export type Tenant = Immutable<z.output<typeof tenantRecord>>;

export const tenantInput = z.strictObject({
  name: nameField,
  own_issuer: z
    .boolean()
    .default(false)
    .describe('Whether the tenant has its own issuer at /t/ID instead of the shared one.'),
  own_keys: z
    .boolean()
    .default(false)
    .describe('Whether its own issuer has its own keys; requires own_issuer.'),
});

export const tenantPatch = z.strictObject({ name: nameField.optional() });

export const tenantMove = z.strictObject({
  own_issuer: z
    .boolean()
    .describe('True to move its connections to its own issuer, false for the shared one.'),
  own_keys: z.boolean().optional().describe('Whether its own issuer has its own keys; requires own_issuer.'),
});

export type TenantInput = z.output<typeof tenantInput>;
export type TenantPatch = z.output<typeof tenantPatch>;
export type TenantMove = z.output<typeof tenantMove>;
