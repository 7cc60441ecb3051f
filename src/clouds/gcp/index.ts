/**
 * Google Cloud: access tokens from a workload identity provider, optionally of a service account. Owns: the target, both token
 * requests, the explanation of Google's errors, the set-up files, and the lint of providers and policies. Does not own: retries
 * and response parsing, which all clouds share (request.ts, retry.ts). Used only through `clouds`.
 */
import { systemNow } from '../../platform/time/index.ts';
import type { Cloud, CloudContext, CloudRequest } from '../contract/index.ts';
import { bucket } from './bucket.ts';
import { exchange } from './exchange.ts';
import { explain, explanations } from './explain.ts';
import { lintGuardrail } from './guardrail/index.ts';
import { guide } from './guide.ts';
import { identify } from './identity.ts';
import { issuerRules } from './issuer-rules.ts';
import { leakAdvice } from './leak.ts';
import { links } from './links.ts';
import { lint } from './lint/index.ts';
import { permissionSet, setupOptions } from './options.ts';
import { fix, interpretProbe } from './probe.ts';
import { propagation } from './propagation.ts';
import { purpose, widenedFields } from './purpose.ts';
import { remedy } from './remedy.ts';
import { type GcpSettings, settings } from './settings.ts';
import { setup } from './setup.ts';
import { audience, type GcpTarget, target as schema, tokenSeconds, wrongAudience } from './target.ts';

export const gcp: Cloud = {
  settings,
  target: schema,
  entry(target: GcpTarget) {
    const seconds = tokenSeconds(target);
    return {
      audience: audience(target),
      algorithms: ['ES256', 'RS256'],
      claims: {},
      ...(seconds === undefined ? {} : { tokenSeconds: seconds }),
      missingFields: [],
      sharedPrincipalFields: [],
      ...(target.uploaded_jwks ? { uploadsKeys: true } : {}),
      exchange: (request: CloudRequest<GcpSettings>) => exchange(target, request),
      identify: (credentials, context: CloudContext<GcpSettings>) => identify(target, credentials, context),
    };
  },
  purposes: { schema: purpose, widenedFields },
  setUp: {
    guide,
    options: setupOptions,
    permissionSet,
    files: setup,
    links: (_target, _facts, files) => links(files),
    leakAdvice,
  },
  diagnosis: {
    issuerRules,
    explain,
    explanations,
    wrongAudience,
    interpretProbe,
    propagation,
    remedy,
    fix,
    documentType: 'gcp-provider',
    guardrail: (target: GcpTarget, facts, document) => lintGuardrail(target, facts, document),
    lint: (target: GcpTarget, facts, document, now = systemNow()) => lint(target, facts, document, now),
  },
  objectStore: bucket,
};
