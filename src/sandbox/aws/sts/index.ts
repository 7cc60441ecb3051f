/**
 * STS: exchanges a token for credentials and returns the identity of credentials. Owns: the rules for the token and
 * the session. Does not own: trust policies (policy) and signatures of calls.
 */
import { partitionOf } from '../accounts.ts';
import type { Service } from '../service.ts';
import { assumeRoleWithWebIdentity } from './assume-role.ts';

export const sts: Service = {
  name: 'sts',
  version: '2011-06-15',
  namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  actions: {},
  forAnyPrincipal: {
    GetCallerIdentity(_call, principal) {
      if (principal.kind === 'session') {
        const { arn, userId, accountId } = principal.session;
        return { Arn: arn, UserId: userId, Account: accountId };
      }
      const { accountId, region } = principal;
      return {
        Arn: `arn:${partitionOf(region)}:iam::${accountId}:root`,
        UserId: accountId,
        Account: accountId,
      };
    },
  },
  unsigned: { AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity },
};
