/**
 * Azure: an application or managed identity, entered through Entra. Owns: its target, Entra's token door and what Entra means.
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
import { type AzureTarget, audience, missing, target as schema } from './target.ts';

export const azure: Cloud = {
  name: 'azure',
  bucket,
  target: schema,
  purpose,
  widening: (target, given) => widening(target as AzureTarget, given as Parameters<typeof widening>[1]),
  guide,
  setupOptions,
  permissionSet,
  destination(given) {
    const target = given as AzureTarget;
    return {
      audience: audience(target),
      algorithms: ['RS256'],
      claims: {},
      missing: missing(target),
      enter: (visit) => enter(target, visit),
      identify: (pass, inquiry) => identify(target, pass, inquiry),
      foreignAudience,
      proves,
      settles,
      remedy: (facts, error) => remedy(target, facts, error),
      narrow: (facts, kind) => narrow(target, facts, kind),
      lint: (facts, document) => lint(facts, document),
      setup: (facts) => setup(target, facts),
      links: (facts, published) => links(target, facts, published),
      afterLeak: (facts) => afterLeak(target, facts),
    };
  },
  explain,
  explanations,
};
