/** Removes the secrets of a request from its response: a service, or a proxy in its place, may repeat them in an error. */

/** For example X-Amz-Security-Token, X-Vault-Token, X-Identity-Header and X-API-Key. */
const secretHeader = /^(authorization|cookie|secret|x-identity-header)$|-(token|secret|key)$/i;
/** A shorter value also occurs in texts that contain no secret. */
const minLength = 8;

export function withoutSecretsOf(headers: Readonly<Record<string, string>>, text: string): string {
  return Object.entries(headers)
    .filter(([name]) => secretHeader.test(name))
    .map(([, value]) => value.replace(/^(Bearer|Basic|Token) +/i, ''))
    .filter((secret) => secret.length >= minLength)
    .reduce((rest, secret) => rest.replaceAll(secret, '[removed]'), text);
}
