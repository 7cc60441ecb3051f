/** Which condition keys a request with a token of a private issuer carries. */
import { providerName } from '../trust.ts';
import { addressMatches, type Condition, toTime } from './operators.ts';
import { issuerKeys, timeKeys } from './request.ts';

/**
 * Keys that STS sets for web identities of a private issuer (user guide, "Available keys for AWS OIDC federation" and
 * "AWS global condition context keys").
 */
const carried =
  /^(?:aws:(?:userid|principalaccount|principaltype|securetransport|currenttime|epochtime|sourceip|requestedregion|tagkeys|requesttag\/.+|resourcetag\/.+)|sts:(?:rolesessionname|sourceidentity|roleauthorizedbyidp))$/i;

/** Keys of signed requests, of other sources or of other networks: a web identity never carries them. */
const neverCarried =
  /^(?:aws:(?:principal(?:arn|orgid|orgpaths|tag\/.+)|multifactorauth(?:present|age)|federatedprovider|tokenissuetime|username|source(?:account|arn|owner|orgid|orgpaths|identity|vpc|vpce|vpcarn)|vpcsourceip|calledvia(?:first|last)?|principalservicename(?:slist)?|ec2instancesourcevpc)|sts:(?:externalid|transitivetagkeys|durationseconds|awsservicename)|saml:.+|(?!aws:|sts:|iam:)[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:\/[^:]*)?:.+)$/i;

/** Whether the meaning of a condition for our token is known. Keys that are not known count as never carried. */
export function isUnderstood({ operator, key, values }: Condition, issuer: string): boolean {
  const name = `${providerName(issuer)}:`.toLowerCase();
  const isOurs = key.toLowerCase().startsWith(name);
  const isKnownKey = isOurs
    ? issuerKeys.includes(key.toLowerCase().slice(name.length))
    : carried.test(key) || neverCarried.test(key);
  if (!isKnownKey) return false;
  // The claims are strings. AWS documents the other operators for values of their own type only.
  if (isOurs && !/^String|^Null$/.test(operator.base)) return false;
  if (operator.set !== undefined && operator.ifExists) return false;
  if (operator.base.endsWith('IpAddress'))
    return values.every((value) => addressMatches(value, '192.0.2.1') !== undefined);
  if (operator.base.startsWith('Date') || timeKeys.has(key.toLowerCase()))
    return values.every((value) => toTime(value) !== undefined);
  return true;
}

/** `sub` for the key of our issuer's subject; undefined for a key of another issuer or of AWS. */
export function claimOf(issuer: string, key: string): string | undefined {
  const prefix = `${providerName(issuer)}:`.toLowerCase();
  return key.toLowerCase().startsWith(prefix) ? key.toLowerCase().slice(prefix.length) : undefined;
}
