/**
 * Google Cloud: access tokens from a workload identity provider, optionally of a service account. Owns: the target, both token
 * requests, the explanation of Google's errors, the set-up files, and the lint of providers and policies. Does not own: retries
 * and response parsing, which all clouds share (request.ts, retry.ts). Used only through `clouds`.
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
import { audience, type GcpTarget, target as schema, tokenSeconds } from './target.ts';

export const gcp: Cloud = {
  name: 'gcp',
  bucket,
  target: schema,
  purpose,
  widenedFields: (target, purpose) =>
    widenedFields(target as GcpTarget, purpose as Parameters<typeof widenedFields>[1]),
  guide,
  setupOptions,
  permissionSet,
  destination(input) {
    const target = input as GcpTarget;
    const seconds = tokenSeconds(target);
    return {
      audience: audience(target),
      algorithms: ['ES256', 'RS256'],
      claims: {},
      ...(seconds === undefined ? {} : { tokenSeconds: seconds }),
      missingFields: [],
      sharedPrincipalFields: [],
      ...(target.uploaded_jwks ? { uploadsKeys: true } : {}),
      exchange: (request) => exchange(target, request),
      identify: (credentials, context) => identify(target, credentials, context),
      wrongAudience,
      interpretProbe,
      propagation,
      remedy: (facts, error) => remedy(target, facts, error),
      fix: (facts, type) => fix(target, facts, type),
      lint: (facts, document) => lint(target, facts, document),
      setup: (facts) => setup(target, facts),
      links: (_facts, files) => links(files),
      leakAdvice: (facts) => leakAdvice(target, facts),
    };
  },
  explain,
  explanations,
};
