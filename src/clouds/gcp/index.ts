/**
 * Google Cloud: a workload identity provider, and a service account behind it. Owns: their target, both doors and what they mean.
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
import { purpose, widening } from './purpose.ts';
import { remedy } from './remedy.ts';
import { settles } from './settling.ts';
import { setup } from './setup.ts';
import { audience, type GcpTarget, target as schema, tokenSeconds } from './target.ts';

export const gcp: Cloud = {
  name: 'gcp',
  bucket,
  target: schema,
  purpose,
  widening: (target, given) => widening(target as GcpTarget, given as Parameters<typeof widening>[1]),
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
      missing: [],
      ...(target.uploaded_jwks ? { uploadsKeys: true } : {}),
      enter: (visit) => enter(target, visit),
      identify: (pass, inquiry) => identify(target, pass, inquiry),
      foreignAudience,
      proves,
      settles,
      remedy: (facts, error) => remedy(target, facts, error),
      narrow: (facts, kind) => narrow(target, facts, kind),
      lint: (facts, document) => lint(target, facts, document),
      setup: (facts) => setup(target, facts),
      links: (_facts, published) => links(published),
      afterLeak: (facts) => afterLeak(target, facts),
    };
  },
  explain,
  explanations,
};
