/**
 * AWS: a role, entered through STS. Owns: the role's target, the claims that STS reads, and what STS and its answers mean.
 * Does not own: retries and the reading of answers, which are alike for all clouds. Called through the list of clouds only.
 */
import type { Cloud } from '../contract.ts';
import { bucket } from './bucket.ts';
import { enter } from './enter.ts';
import { explain, explanations } from './explain.ts';
import { guide } from './guide.ts';
import { identify } from './identity.ts';
import { afterLeak } from './leak.ts';
import { links } from './links.ts';
import { lint } from './lint.ts';
import { permissionSet, setupOptions } from './options.ts';
import { foreignAudience, narrow, proves } from './probe.ts';
import { type NarrowedTarget, purpose, widening } from './purpose.ts';
import { remedy } from './remedy.ts';
import { settles } from './settling.ts';
import { setup } from './setup.ts';
import { type AwsTarget, audience, bareOf, claims, missing, target as schema } from './target.ts';

export const aws: Cloud = {
  name: 'aws',
  bucket,
  target: schema,
  purpose,
  widening: (target, given) => widening(target as AwsTarget, given as Parameters<typeof widening>[1]),
  guide,
  setupOptions,
  permissionSet,
  destination(given) {
    const target = given as NarrowedTarget;
    return {
      audience,
      algorithms: ['ES256', 'RS256'],
      claims: claims(target),
      missing: missing(target),
      enter: (visit) => enter(target, visit),
      identify: (pass, inquiry) => identify(target, pass, inquiry),
      foreignAudience,
      ...bareOf(target),
      proves,
      settles,
      remedy: (facts, error) => remedy(target, facts, error),
      narrow: (facts, kind) => narrow(target, facts, kind),
      lint: (facts, document) => lint(target, facts, document),
      setup: (facts) => setup(target, facts),
      links: (facts, published) => links(target, facts, published),
      afterLeak: (facts) => afterLeak(target, facts),
    };
  },
  explain,
  explanations,
};
