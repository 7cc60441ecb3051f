/** What a purpose may say of an access token, and what of it could open more than the connection does. */
import { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import { type AzureTarget, isForeign, scopeField } from './target.ts';

export const purpose = z.strictObject({ scope: scopeField });

/**
 * A token of Entra is for one resource, with all roles that the identity has there, and for a time that Entra chooses:
 * there is no smaller scope of the same resource, and no shorter life. Another resource is taken as a purpose all the
 * same, because it opens nothing new: whoever may use the whole connection also gets its cloud token, and Entra trades
 * that for every resource on which the identity has a role. A caller of this purpose gets one of those, and no cloud
 * token.
 */
export function widenedFields(
  { environment }: AzureTarget,
  { scope }: z.output<typeof purpose>,
): readonly Fault[] {
  return isForeign(scope, environment)
    ? [{ path: 'scope', message: 'is the resource manager of another environment' }]
    : [];
}
