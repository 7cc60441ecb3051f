/**
 * AWS: credentials of a role from STS. Owns: the target, the claims for STS, the explanation of its errors, the set-up files,
 * and the lint of trust policies. Does not own: retries and response parsing, which all clouds share (request.ts,
 * retry.ts). Used only through `clouds`.
 */
import { systemNow } from '../../platform/time/index.ts';
import type { Cloud } from '../contract.ts';
import { bucket } from './bucket.ts';
import { exchange } from './exchange.ts';
import { explain, explanations } from './explain.ts';
import { guide } from './guide.ts';
import { identify } from './identity.ts';
import { leakAdvice } from './leak.ts';
import { links } from './links.ts';
import { lint } from './lint/index.ts';
import { permissionSet, setupOptions } from './options.ts';
import { fix, interpretProbe, wrongAudience } from './probe.ts';
import { propagation } from './propagation.ts';
import { type NarrowedTarget, purpose, widenedFields } from './purpose.ts';
import { remedy } from './remedy.ts';
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
  widenedFields: (target, purpose) =>
    widenedFields(target as AwsTarget, purpose as Parameters<typeof widenedFields>[1]),
  guide,
  setupOptions,
  permissionSet,
  destination(input) {
    const target = input as NarrowedTarget;
    return {
      audience,
      algorithms: ['ES256', 'RS256'],
      claims: claims(target),
      missingFields: missingFields(target),
      sharedPrincipalFields: [],
      exchange: (request) => exchange(target, request),
      identify: (credentials, context) => identify(target, credentials, context),
      wrongAudience,
      ...withoutOptions(target),
      interpretProbe,
      propagation,
      remedy: (facts, error) => remedy(target, facts, error),
      fix: (facts, type) => fix(target, facts, type),
      lint: (facts, document, now = systemNow()) => lint(target, facts, document, now),
      setup: (facts) => setup(target, facts),
      links: (facts, files) => links(target, facts, files),
      leakAdvice: (facts) => leakAdvice(target, facts),
    };
  },
  explain,
  explanations,
};
