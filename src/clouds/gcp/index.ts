/**
 * Google Cloud: a workload identity provider, and a service account behind it. Owns: their target, both doors and what they mean.
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
import { audience, type GcpTarget, target as schema, tokenSeconds } from './target.ts';

export const gcp: Cloud = {
  name: 'gcp',
  bucket,
  target: schema,
  purpose,
  widenedFields: (target, given) =>
    widenedFields(target as GcpTarget, given as Parameters<typeof widenedFields>[1]),
  guide,
  setupOptions,
  permissionSet,
  destination(given) {
    const target = given as GcpTarget;
    const seconds = tokenSeconds(target);
    return {
      audience: audience(target),
      algorithms: ['ES256', 'RS256'],
      claims: {},
      ...(seconds === undefined ? {} : { tokenSeconds: seconds }),
      missingFields: [],
      ...(target.uploaded_jwks ? { uploadsKeys: true } : {}),
      exchange: (visit) => exchange(target, visit),
      identify: (pass, inquiry) => identify(target, pass, inquiry),
      wrongAudience,
      interpretProbe,
      propagation,
      remedy: (facts, error) => remedy(target, facts, error),
      fix: (facts, kind) => fix(target, facts, kind),
      lint: (facts, document) => lint(target, facts, document),
      setup: (facts) => setup(target, facts),
      links: (_facts, published) => links(published),
      leakAdvice: (facts) => leakAdvice(target, facts),
    };
  },
  explain,
  explanations,
};
