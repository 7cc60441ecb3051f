/**
 * Whether the account of a role has the OIDC provider of the issuer: an account has one provider per issuer, and creating it
 * again rolls back a whole stack.
 */
import type { EstablishedConnection } from '../contract/index.ts';
import { partitionFor } from './partitions.ts';
import type { AwsTarget } from './target.ts';

/**
 * The connection whose set-up left the provider. While the account of the target is unknown, it is assumed to be the one
 * account of the others: a second connection to the same account is the normal case.
 */
export function providerOwner(
  target: AwsTarget,
  established: readonly EstablishedConnection[] = [],
): EstablishedConnection | undefined {
  const others = established.filter(
    ({ target: other }) => partitionFor(other as AwsTarget) === partitionFor(target),
  );
  const accounts = new Set(others.map(({ target: other }) => accountIn(other as AwsTarget)));
  const account = accountIn(target) ?? (accounts.size === 1 ? [...accounts][0] : undefined);
  return others.find(({ target: other }) => accountIn(other as AwsTarget) === account);
}

export const accountIn = ({ role_arn }: AwsTarget): string | undefined => role_arn?.split(':')[4];
