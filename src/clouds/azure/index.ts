/**
 * Azure: access tokens of an application or managed identity from Entra. Owns: the target, the token request, the explanation
 * of Entra's errors, the set-up files, and the lint of federated credentials. Does not own: retries and response parsing,
 * which all clouds share (request.ts, retry.ts). Used only through `clouds`.
 */
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
import { type AzureSettings, settings } from './settings.ts';
import { setup } from './setup.ts';
import {
  type AzureTarget,
  audience,
  missingFields,
  target as schema,
  sharedPrincipalFields,
  wrongAudience,
} from './target.ts';

export const azure: Cloud = {
  settings,
  target: schema,
  principal(target: AzureTarget) {
    const { client_id: id } = target;
    const isShared = sharedPrincipalFields(target).length > 0;
    return id === undefined ? undefined : { field: 'client_id', id: `azure-${id}`, isShared };
  },
  entry(target: AzureTarget) {
    return {
      audience: audience(target),
      algorithms: ['RS256'],
      claims: {},
      missingFields: missingFields(target),
      sharedPrincipalFields: sharedPrincipalFields(target),
      exchange: (request: CloudRequest<AzureSettings>) => exchange(target, request),
      identify: (credentials, context: CloudContext<AzureSettings>) => identify(target, credentials, context),
    };
  },
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
    documentType: 'azure-federated-credential',
    guardrail: (_target, facts, document) => lintGuardrail(facts, document),
    lint: (_target, facts, document) => lint(facts, document),
  },
  objectStore: bucket,
};
