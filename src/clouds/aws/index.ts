/**
 * AWS: credentials of a role from STS. Owns: the target, the claims for STS, the explanation of its errors, the set-up files,
 * and the lint of trust policies. Does not own: retries and response parsing, which all clouds share (request.ts,
 * retry.ts). Used only through `clouds`.
 */
import { systemNow } from '../../platform/time/index.ts';
import type { Cloud, CloudContext, CloudRequest } from '../contract/index.ts';
import { bucket } from './bucket.ts';
import { exchange } from './exchange.ts';
import { explain, explanations } from './explain.ts';
import { lintGuardrail } from './guardrail/index.ts';
import { guide } from './guide.ts';
import { identify } from './identity.ts';
import { tableImport } from './import.ts';
import { issuerRules } from './issuer-rules.ts';
import { leakAdvice } from './leak.ts';
import { links } from './links.ts';
import { lint } from './lint/index.ts';
import { permissionSet, setupOptions } from './options.ts';
import { warnings } from './packed-size.ts';
import { fix, interpretProbe } from './probe.ts';
import { propagation } from './propagation.ts';
import { type NarrowedTarget, purpose, widenedFields } from './purpose.ts';
import { reduce } from './reduce.ts';
import { remedy } from './remedy.ts';
import { type AwsSettings, settings } from './settings.ts';
import { setup } from './setup.ts';
import { type AwsTarget, claims, defaultAudience, target as schema, wrongAudience } from './target.ts';

export const aws: Cloud = {
  settings,
  target: schema,
  entry(target: NarrowedTarget) {
    return {
      audience: target.audience ?? defaultAudience,
      algorithms: ['ES256', 'RS256'],
      claims: claims(target),
      missingFields: target.role_arn ? [] : ['role_arn'],
      sharedPrincipalFields: [],
      exchange: (request: CloudRequest<AwsSettings>) => exchange(target, request),
      identify: (credentials, context: CloudContext<AwsSettings>) => identify(target, credentials, context),
    };
  },
  warnings,
  purposes: { schema: purpose, widenedFields },
  setUp: { guide, options: setupOptions, permissionSet, files: setup, links, leakAdvice },
  diagnosis: {
    issuerRules,
    explain,
    explanations,
    wrongAudience,
    interpretProbe,
    propagation,
    remedy,
    fix,
    reduce,
    documentType: 'aws-trust-policy',
    guardrail: (target: AwsTarget, facts, document, now = systemNow()) =>
      lintGuardrail(target, facts, document, now),
    lint: (target: AwsTarget, facts, document, now = systemNow()) => lint(target, facts, document, now),
  },
  objectStore: bucket,
  tableImport,
};
