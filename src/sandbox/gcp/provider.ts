/** An OIDC provider of a pool: the fields that a client can set (clouds.md 3.1). */

import type { Entity } from './collection.ts';
import { compileCondition, compileMapping } from './condition.ts';
import { type Input, isRecord, textOf, textsOf } from './input.ts';
import { idFault, labelFault, labels } from './pool.ts';
import { invalid, type Outcome, ok } from './responses.ts';
import { uploadFault } from './uploaded-keys.ts';

export interface Provider extends Entity {
  readonly displayName?: string;
  readonly description?: string;
  readonly attributeMapping: Readonly<Record<string, string>>;
  readonly attributeCondition?: string;
  readonly oidc: {
    readonly issuerUri: string;
    readonly allowedAudiences?: readonly string[];
    readonly jwksJson?: string;
  };
}

export const providerFields = [
  'displayName',
  'description',
  'disabled',
  'attributeMapping',
  'attributeCondition',
  'oidc',
] as const;

export function readProvider(name: string, input: Input): Outcome<Provider> {
  const oidc = isRecord(input.oidc) ? input.oidc : {};
  const mapping = isRecord(input.attributeMapping) ? input.attributeMapping : {};
  const fault =
    idFault(name) ??
    labelFault(input) ??
    oidcFault(oidc) ??
    mappingFault(mapping) ??
    conditionFault(textOf(input.attributeCondition));
  if (fault) return invalid(fault);
  const audiences = textsOf(oidc.allowedAudiences);
  return ok({
    name,
    ...labels(input),
    attributeMapping: mapping as Record<string, string>,
    ...(textOf(input.attributeCondition) ? { attributeCondition: textOf(input.attributeCondition) } : {}),
    oidc: {
      issuerUri: textOf(oidc.issuerUri),
      ...(audiences.length > 0 ? { allowedAudiences: audiences } : {}),
      ...(textOf(oidc.jwksJson) ? { jwksJson: textOf(oidc.jwksJson) } : {}),
    },
  });
}

function oidcFault(oidc: Input): string | undefined {
  const issuer = textOf(oidc.issuerUri);
  const audiences = textsOf(oidc.allowedAudiences);
  // Google accepts https only; here a test issuer on loopback may use http.
  if (
    !/^https:\/\/[^/]/.test(issuer) &&
    !/^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/.test(issuer)
  )
    return 'Invalid OIDC issuer URI. The scheme must be https.';
  if (audiences.length > 10) return 'The number of allowed audiences cannot exceed 10.';
  if (audiences.some((audience) => audience === '' || audience.length > 256))
    return 'An allowed audience must have 1 to 256 characters.';
  return uploadFault(textOf(oidc.jwksJson));
}

function mappingFault(mapping: Input): string | undefined {
  if (textOf(mapping['google.subject']) === '')
    return 'The attribute mapping must include a mapping for google.subject.';
  const entries = Object.entries(mapping);
  if (entries.filter(([key]) => key.startsWith('attribute.')).length > 50)
    return 'The number of custom attributes in the attribute mapping cannot exceed 50.';
  for (const [key, expression] of entries) {
    if (key.length > 100 || !/^(google\.(subject|groups|display_name)|attribute\.[a-z0-9_]+)$/.test(key))
      return `The attribute mapping key '${key}' is invalid.`;
    if (textOf(expression).length > 2048)
      return `The attribute mapping expression of '${key}' cannot exceed 2048 characters.`;
    const compiled = compileMapping(textOf(expression));
    if (!compiled.ok) return `The attribute mapping expression of '${key}' is invalid: ${compiled.reason}.`;
  }
  return undefined;
}

function conditionFault(condition: string): string | undefined {
  if (condition === '') return undefined;
  if (condition.length > 4096) return 'The attribute condition cannot exceed 4096 characters.';
  const compiled = compileCondition(condition);
  return compiled.ok ? undefined : `The attribute condition is invalid: ${compiled.reason}.`;
}

/** The accepted audiences: the configured ones, or the provider's name if none is configured. */
export function audiencesOf({ name, oidc }: Provider): readonly string[] {
  return oidc.allowedAudiences ?? [`https://iam.googleapis.com/${name}`, `//iam.googleapis.com/${name}`];
}
