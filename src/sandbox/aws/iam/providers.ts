/** OIDC providers. The rules and texts were recorded from IAM on 2026-09-11, see clouds.md 1.1. */
import type { SandboxRuntime } from '../../contract.ts';
import type { Account, Provider } from '../accounts.ts';
import { alreadyExists, fault, limitExceeded, noSuchEntity, validationError } from '../fault.ts';
import { checkServiceControl } from '../policy/organization.ts';
import type { Tag } from '../query.ts';

const maxProviders = 100;
const maxClientIds = 100;

export interface NewProvider {
  readonly url: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
  readonly tags: readonly Tag[];
}

export async function createProvider(
  runtime: SandboxRuntime,
  account: Account,
  input: NewProvider,
): Promise<Provider> {
  const issuer = issuerOf(input.url);
  const url = issuer.replace(/^https?:\/\//, '');
  const clientIds = [...new Set(input.clientIds)];
  if (clientIds.length > maxClientIds) throw tooManyClientIds();
  if (input.thumbprints.length > 5) throw tooManyThumbprints();
  const arn = `arn:${account.partition}:iam::${account.id}:oidc-provider/${url}`;
  checkServiceControl(account, 'iam:CreateOpenIDConnectProvider', arn);
  if (account.providers.has(arn)) throw alreadyExists(`Provider with url ${issuer} already exists.`);
  if (account.providers.size >= maxProviders)
    throw limitExceeded(`Cannot exceed quota for OpenIdConnectProvidersPerAccount: ${maxProviders}`);
  if (input.thumbprints.length === 0) await requireReachable(runtime, issuer);
  const now = runtime.now();
  const provider: Provider = {
    arn,
    issuer,
    url,
    clientIds,
    thumbprints: input.thumbprints.map((thumbprint) => thumbprint.toLowerCase()),
    tags: input.tags,
    createdAt: now,
    changedAt: now,
  };
  account.providers.set(arn, provider);
  return provider;
}

/** Without a thumbprint, IAM fetches one from the issuer, and fails if it cannot. */
async function requireReachable(runtime: SandboxRuntime, issuer: string): Promise<void> {
  const discovery = await runtime.fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!discovery.ok)
    throw fault(
      'OpenIdIdpCommunicationError',
      `Please check .well-known/openid-configuration of provider: ${issuer} is valid.`,
    );
}

/**
 * Keeps the URL as written, including case and trailing slash, and removes only `:443`. Loopback may use http and a
 * port.
 */
function issuerOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const loopback = parsed?.hostname === 'localhost' || /^(127\.|\[::1\])/.test(parsed?.hostname ?? '');
  if (!parsed || !(url.startsWith('https://') || (loopback && url.startsWith('http://'))))
    throw validationError('Invalid Open ID Connect Provider URL');
  if (/[?#]/.test(url)) throw fault('InvalidInput', 'Unknown');
  if (parsed.port !== '' && !loopback) throw validationError('Invalid Open ID Connect Provider URL');
  return url.replace(/^(https:\/\/[^/]+):443(?=\/|$)/, '$1');
}

export function findProvider(account: Account, arn: string): Provider {
  const provider = account.providers.get(arn);
  if (!provider) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
  return provider;
}

export function deleteProvider(account: Account, arn: string): void {
  if (!account.providers.delete(arn)) throw noSuchEntity(`OpenId connect Provider ${arn} cannot be found.`);
}

export function addClientId(provider: Provider, clientId: string, now: number): void {
  if (provider.clientIds.includes(clientId)) return;
  if (provider.clientIds.length >= maxClientIds) throw tooManyClientIds();
  provider.clientIds = [...provider.clientIds, clientId];
  provider.changedAt = now;
}

export function removeClientId(provider: Provider, clientId: string, now: number): void {
  if (!provider.clientIds.includes(clientId)) return;
  provider.clientIds = provider.clientIds.filter((known) => known !== clientId);
  provider.changedAt = now;
}

export function updateThumbprints(provider: Provider, thumbprints: readonly string[]): void {
  if (thumbprints.length === 0)
    throw fault('InvalidInput', 'Thumbprint list must contain at least one entry.');
  if (thumbprints.length > 5) throw tooManyThumbprints();
  provider.thumbprints = thumbprints.map((thumbprint) => thumbprint.toLowerCase());
}

const tooManyClientIds = () =>
  limitExceeded(`Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${maxClientIds}`);

/** AWS says "fewer than 5" and accepts five. */
const tooManyThumbprints = () => fault('InvalidInput', 'Thumbprint list must contain fewer than 5 entries.');
