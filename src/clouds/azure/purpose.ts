/** The schema of a purpose for Azure access tokens, and the check that it does not allow more than the connection. */
import { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import { type AzureTarget, isForeign, scopeField } from './target.ts';

export const purpose = z.strictObject({ scope: scopeField });

/**
 * A token of Entra is for one resource, with all roles of the identity there, and Entra chooses its lifetime. A purpose
 * cannot set a smaller scope of the same resource or a shorter lifetime, but it may set another resource. That allows nothing
 * new: a client that may use the whole connection also gets its cloud token, which Entra exchanges for every resource on
 * which the identity has a role. A client of this purpose gets one of these resources and no cloud token.
 */
export function widenedFields(
  { environment }: AzureTarget,
  { scope }: z.output<typeof purpose>,
): readonly Fault[] {
  return isForeign(scope, environment)
    ? [{ path: 'scope', message: 'must not be a resource of another environment' }]
    : [];
}
