/** Removes the secrets of a request from a refusal: a service, or a proxy in its place, may repeat them there. */

/** For example X-Amz-Security-Token, X-Vault-Token, X-Identity-Header and X-API-Key. */
const secretHeader = /^(authorization|cookie|secret|x-identity-header)$|-(token|secret|key)$/i;
/** A shorter value also occurs in texts that contain no secret. */
const minLength = 8;

/** The body of a response. That of a success stays as it is: it may be the very credentials that were requested. */
export function withoutSecretsOf(
  headers: Readonly<Record<string, string>>,
  { status, body }: { readonly status: number; readonly body: string },
): string {
  if (status >= 200 && status < 300) return body;
  return Object.entries(headers)
    .filter(([name]) => secretHeader.test(name))
    .map(([, value]) => value.replace(/^(Bearer|Basic|Token) +/i, ''))
    .filter((secret) => secret.length >= minLength)
    .reduce((rest, secret) => rest.replaceAll(secret, '[removed]'), body);
}
