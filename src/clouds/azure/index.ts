/**
 * Azure: access tokens of an application or managed identity from Entra. Owns: the target, the token request, the explanation
 * of Entra's errors, the set-up files, and the lint of federated credentials. Does not own: retries and response parsing,
 * which all clouds share (request.ts, retry.ts). Used only through `clouds`.
 */
import type { Cloud } from '../contract.ts';
import { bucket } from './bucket.ts';
import { exchange } from './exchange.ts';
import { explain, explanations } from './explain.ts';
import { guide } from './guide.ts';
import { identify } from './identity.ts';
import { leakAdvice } from './leak.ts';
import { links } from './links.ts';
import { lint } from './lint.ts';
import { permissionSet, setupOptions } from './options.ts';
import { fix, interpretProbe, wrongAudience } from './probe.ts';
import { propagation } from './propagation.ts';
import { purpose, widenedFields } from './purpose.ts';
import { remedy } from './remedy.ts';
import { setup } from './setup.ts';
import {
  type AzureTarget,
  audience,
  missingFields,
  target as schema,
  sharedPrincipalFields,
} from './target.ts';

export const azure: Cloud = {
  name: 'azure',
  bucket,
  target: schema,
  purpose,
  widenedFields: (target, purpose) =>
    widenedFields(target as AzureTarget, purpose as Parameters<typeof widenedFields>[1]),
  guide,
  setupOptions,
  permissionSet,
  destination(input) {
    const target = input as AzureTarget;
    return {
      audience: audience(target),
      algorithms: ['RS256'],
      claims: {},
      missingFields: missingFields(target),
      sharedPrincipalFields: sharedPrincipalFields(target),
      exchange: (request) => exchange(target, request),
      identify: (credentials, context) => identify(target, credentials, context),
      wrongAudience,
      interpretProbe,
      propagation,
      remedy: (facts, error) => remedy(target, facts, error),
      fix: (facts, type) => fix(target, facts, type),
      lint: (facts, document) => lint(facts, document),
      setup: (facts) => setup(target, facts),
      links: (facts, files) => links(target, facts, files),
      leakAdvice: (facts) => leakAdvice(target, facts),
    };
  },
  explain,
  explanations,
};
