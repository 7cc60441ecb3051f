/**
 * AWS: a role, entered through STS. Owns: the role's target, the claims that STS reads, and what STS and its answers mean.
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
import { type NarrowedTarget, purpose, widenedFields } from './purpose.ts';
import { remedy } from './remedy.ts';
import { propagation } from './settling.ts';
import { setup } from './setup.ts';
import {
  type AwsTarget,
  audience,
  claims,
  missingFields,
  target as schema,
  withoutOptions,
} from './target.ts';

export const aws: Cloud = {
  name: 'aws',
  bucket,
  target: schema,
  purpose,
  widenedFields: (target, given) =>
    widenedFields(target as AwsTarget, given as Parameters<typeof widenedFields>[1]),
  guide,
  setupOptions,
  permissionSet,
  destination(given) {
    const target = given as NarrowedTarget;
    return {
      audience,
      algorithms: ['ES256', 'RS256'],
      claims: claims(target),
      missingFields: missingFields(target),
      exchange: (visit) => exchange(target, visit),
      identify: (pass, inquiry) => identify(target, pass, inquiry),
      wrongAudience,
      ...withoutOptions(target),
      interpretProbe,
      propagation,
      remedy: (facts, error) => remedy(target, facts, error),
      fix: (facts, kind) => fix(target, facts, kind),
      lint: (facts, document) => lint(target, facts, document),
      setup: (facts) => setup(target, facts),
      links: (facts, published) => links(target, facts, published),
      leakAdvice: (facts) => leakAdvice(target, facts),
    };
  },
  explain,
  explanations,
};
