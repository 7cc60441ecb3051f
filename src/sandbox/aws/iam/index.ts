/**
 * IAM: OIDC providers and roles, as far as a customer needs them to trust an issuer.
 * Owns: the Query actions and their answers. Does not own: the rules of the objects, which are in providers.ts and
 * roles.ts and serve CloudFormation too.
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
