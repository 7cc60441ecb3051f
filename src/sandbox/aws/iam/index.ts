/**
 * IAM: OIDC providers and roles, as far as a customer needs them to trust an issuer. Owns: the Query actions and
 * their responses. Does not own: the rules of the objects, which CloudFormation shares (providers.ts, roles.ts).
 */
import type { Service } from '../service.ts';
import { providerActions } from './provider-actions.ts';
import { roleActions } from './role-actions.ts';

export const iam: Service = {
  name: 'iam',
  version: '2010-05-08',
  namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  actions: { ...providerActions, ...roleActions },
};
