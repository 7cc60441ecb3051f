/**
 * Azure: an application or managed identity, entered through Entra. Owns: its target, Entra's token door and what Entra means.
 * Does not own: retries and the reading of answers, which are alike for all clouds. Called through the list of clouds only.
 */
import type { Cloud } from '../contract.ts';
import { bucket } from './bucket.ts';
import { exchange } from './enter.ts';
import { explain, explanations } from './explain.ts';
import { guide } from './guide.ts';
import { identify } from './identity.ts';
import { leakAdvice } from './leak.ts';
import { links } from './links.ts';
import { lint } from './lint.ts';
import { permissionSet, setupOptions } from './options.ts';
import { fix, interpretProbe, wrongAudience } from './probe.ts';
import { purpose, widenedFields } from './purpose.ts';
import { remedy } from './remedy.ts';
import { propagation } from './settling.ts';
import { setup } from './setup.ts';
import { type AzureTarget, audience, missingFields, target as schema } from './target.ts';

export const azure: Cloud = {
  name: 'azure',
  bucket,
  target: schema,
  purpose,
  widenedFields: (target, given) =>
    widenedFields(target as AzureTarget, given as Parameters<typeof widenedFields>[1]),
  guide,
  setupOptions,
  permissionSet,
  destination(given) {
    const target = given as AzureTarget;
    return {
      audience: audience(target),
      algorithms: ['RS256'],
      claims: {},
      missingFields: missingFields(target),
      exchange: (visit) => exchange(target, visit),
      identify: (pass, inquiry) => identify(target, pass, inquiry),
      wrongAudience,
      interpretProbe,
      propagation,
      remedy: (facts, error) => remedy(target, facts, error),
      fix: (facts, kind) => fix(target, facts, kind),
      lint: (facts, document) => lint(facts, document),
      setup: (facts) => setup(target, facts),
      links: (facts, published) => links(target, facts, published),
      leakAdvice: (facts) => leakAdvice(target, facts),
    };
  },
  explain,
  explanations,
};
