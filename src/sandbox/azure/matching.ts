/** Finds the federated credential that matches the assertion, and selects the error if none does. */
import type { Assertion } from './assertion.ts';
import type { Resource } from './directory.ts';
import { aadsts, type EntraRefusal } from './entra-response.ts';
import type { CloudState } from './resource-types/resource-type.ts';

/**
 * One credential must match all three members exactly, including case and spaces. With several credentials, the one
 * that matches furthest selects the error, in the order issuer, subject, audience; Entra's own order is not
 * published.
 */
export function matchCredential(
  { issuer, subject, audiences }: Assertion,
  credentials: readonly Resource[],
  clientId: string,
  { now, propagationSeconds }: CloudState,
): EntraRefusal | undefined {
  if (
    /^https:\/\/(login\.microsoftonline\.(com|us)|login\.partner\.microsoftonline\.cn|sts\.windows\.net)\//.test(
      issuer,
    )
  )
    return aadsts(
      700222,
      'invalid_client',
      'AAD-issued tokens may not be used for federated identity flows.',
    );
  if (credentials.length === 0)
    return aadsts(
      7000226,
      'invalid_client',
      `No federated identity credential policy found on application '${clientId}'.`,
    );

  const sameIssuer = credentials.filter(({ properties }) => properties.issuer === issuer);
  const sameSubject = sameIssuer.filter(({ properties }) => properties.subject === subject);
  const matching = sameSubject.filter(({ properties }) =>
    audiences.includes(String((properties.audiences as string[])[0])),
  );

  const audience = audiences.join(',');
  const settled = now() - propagationSeconds() * 1000;
  if (matching.some(({ changedAt }) => changedAt <= settled)) return undefined;
  if (matching.length > 0)
    return aadsts(
      70021,
      'invalid_client',
      `No matching federated identity record found for presented assertion. Assertion Issuer: '${issuer}'. Assertion Subject: '${subject}'. Assertion Audience: '${audience}'. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation`,
    );
  if (sameIssuer.length === 0) return mismatch(700211, 'issuer', issuer);
  if (sameSubject.length === 0) {
    // Expressions are for issuers that Microsoft lists, and ours is none of them.
    if (sameIssuer.some(({ properties }) => properties.claimsMatchingExpression !== undefined))
      return aadsts(
        7002241,
        'invalid_client',
        `Flexible federated identity credentials are not supported for the issuer '${issuer}'.`,
      );
    const differsInCase = sameIssuer.some(
      ({ properties }) => String(properties.subject).toLowerCase() === subject.toLowerCase(),
    );
    return differsInCase
      ? mismatch(7002138, 'subject', subject, ` ${onlyCaseDiffers}`)
      : mismatch(700213, 'subject', subject);
  }
  return mismatch(700212, 'audience', audience);
}

/** Since 2024: https://github.com/Azure/login/issues/517 */
const onlyCaseDiffers =
  'The subject matches with case-insensitive comparison, but not with case-sensitive comparison.';

const mismatch = (code: number, member: string, value: string, remark = '') =>
  aadsts(
    code,
    'invalid_client',
    `No matching federated identity record found for presented assertion ${member} '${value}'.${remark} Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation`,
  );
