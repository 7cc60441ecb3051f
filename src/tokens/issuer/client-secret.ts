/**
 * The one patch of oidc-provider (docs/decisions/0009-one-patch-of-the-engine.md): it would compare client secrets, and
 * Sojourn stores only their hashes.
 */
import type Provider from 'oidc-provider';

/** Replaces the comparison of secrets; `matches` decides for the client of the request that is being authenticated. */
export function replaceSecretComparison(provider: Provider, matches: (secret: string) => boolean): void {
  provider.Client.prototype.compareClientSecret = matches;
}
