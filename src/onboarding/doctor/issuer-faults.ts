/** Possible faults of an issuer's URL, discovery document and keys, and the clouds that they affect. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { type CloudName, cloudNames, clouds, type IssuerRule } from '../../clouds/index.ts';
import type { Members } from '../../tokens/remote-documents/index.ts';
import { maxKeys, requiredLists, unwantedMembers } from './documents.ts';

export interface Fault {
  readonly problem: string;
  readonly advice: string;
  readonly clouds: readonly CloudName[];
  /** The issuer works in spite of it, or may work. */
  readonly isWarning?: boolean;
}

/** The fault of an issuer that breaks a rule; none if no cloud has the rule. */
export function ruleFaults(rule: IssuerRule, problem: string, isWarning = false): Fault[] {
  const affected = cloudNames.filter((cloud) => clouds[cloud].diagnosis?.issuerRules[rule] !== undefined);
  const advice = affected.map((cloud) => clouds[cloud].diagnosis?.issuerRules[rule])[0];
  return advice === undefined ? [] : [{ problem, advice, clouds: affected, isWarning }];
}

/** @param issuer an absolute URL */
export function urlFaults(issuer: string): Fault[] {
  const url = new URL(issuer);
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(issuer)?.[1] ?? '';
  const faults: Fault[] = [];
  const addIf = (applies: boolean, problem: string, advice: string, isWarning = false) => {
    if (applies) faults.push({ problem, advice, clouds: cloudNames, isWarning });
  };
  addIf(
    url.protocol !== 'https:',
    'it is not an https URL',
    'Serve it over https with a certificate of a public authority.',
  );
  if (/:\d+$/.test(authority)) faults.push(...ruleFaults('no_port', 'it has a port'));
  addIf(/[?#]/.test(issuer), 'it has a query or a fragment', 'Remove it.');
  addIf(
    authority !== authority.toLowerCase(),
    'its host has upper-case letters',
    'Write it in lower case: clouds compare it exactly.',
    true,
  );
  addIf(
    issuer.endsWith('/'),
    'it ends with a slash',
    'Remove the slash, or use it everywhere: to every cloud, the URLs with and without it are two issuers.',
    true,
  );
  if (issuer.length > 255) faults.push(...ruleFaults('short_url', 'it is longer than 255 characters'));
  return faults;
}

export function discoveryFaults(issuer: string, document: Members): Fault[] {
  const faults: Fault[] = [];
  if (document.issuer !== issuer)
    faults.push({
      problem: `issuer is ${JSON.stringify(document.issuer)} and not ${JSON.stringify(issuer)}`,
      advice: 'Set issuer in the document to exactly the value in the tokens.',
      clouds: cloudNames,
    });
  const uri = document.jwks_uri;
  if (typeof uri !== 'string' || !uri.startsWith('https://'))
    faults.push({
      problem: `jwks_uri is ${JSON.stringify(uri)}`,
      advice: 'Set it to an https URL.',
      clouds: cloudNames,
    });
  for (const name of requiredLists) {
    const list = document[name];
    if (!Array.isArray(list) || list.length === 0)
      faults.push(...ruleFaults('response_lists', `${name} is missing`));
  }
  const algorithms = document.id_token_signing_alg_values_supported;
  if (Array.isArray(algorithms) && !algorithms.includes('RS256'))
    faults.push(...ruleFaults('rs256_listed', 'RS256 is not listed'));
  return faults;
}

export function jwksFaults(keys: readonly Members[]): Fault[] {
  const faults = keys.flatMap((key, index) => keyFaults(key, index, keys.length === 1));
  const kids = keys.map(({ kid }) => kid).filter((kid) => kid !== undefined);
  const duplicate = kids.find((kid, index) => kids.indexOf(kid) !== index);
  const count = (kty: string) => keys.filter((key) => key.kty === kty).length;
  if (duplicate !== undefined)
    faults.push({
      problem: `two keys have the kid ${String(duplicate)}`,
      advice: 'Use unique kids, such as the RFC 7638 thumbprints.',
      clouds: cloudNames,
    });
  if (keys.length === 0)
    faults.push({ problem: 'there is no key', advice: 'Publish the signing keys.', clouds: cloudNames });
  if (count('RSA') > 100 || count('EC') > 100)
    faults.push(...ruleFaults('at_most_100_keys', 'there are more than 100 keys of one type'));
  else if (keys.length > maxKeys)
    faults.push(...ruleFaults('at_most_8_keys', `there are ${keys.length} keys`, true));
  if (keys.length > 0 && count('RSA') === 0) faults.push(...ruleFaults('rsa_key', 'there is no RSA key'));
  return faults;
}

function keyFaults(key: Members, index: number, isOnly: boolean): Fault[] {
  const name =
    typeof key.kid === 'string' && key.kid !== '' ? `the key ${key.kid}` : `key number ${index + 1}`;
  const faults: Fault[] = [];
  const addIf = (applies: boolean, problem: string, advice: string, isWarning = false) => {
    if (applies) faults.push({ problem: `${name} ${problem}`, advice, clouds: cloudNames, isWarning });
  };
  const addRuleIf = (applies: boolean, rule: IssuerRule, problem: string, isWarning = false) => {
    if (applies) faults.push(...ruleFaults(rule, `${name} ${problem}`, isWarning));
  };
  const has = (member: string) => Object.hasOwn(key, member);
  const secret = unwantedMembers.filter((member) => /^(d|p|q|dp|dq|qi|k)$/.test(member) && has(member));
  addIf(
    secret.length > 0,
    `contains private members (${secret.join(', ')})`,
    'Revoke it now, and publish public members only.',
  );
  // A cloud that finds a single key without its kid accepts an empty one, but not a missing one.
  addRuleIf(isOnly && key.kid === '', 'named_key', 'has an empty kid');
  addIf(
    typeof key.kid !== 'string' || (key.kid === '' && !isOnly),
    'has no kid',
    'Add one, such as the RFC 7638 thumbprint.',
  );
  addRuleIf(has('key_ops'), 'no_key_ops', 'has key_ops');
  addRuleIf(has('x5c') || has('x5t'), 'no_certificates', 'has x5c or x5t', true);
  addIf(
    key.use !== undefined && key.use !== 'sig',
    `has use ${String(key.use)}`,
    'Publish signing keys only, with use sig.',
    true,
  );
  addRuleIf(key.use === undefined || key.alg === undefined, 'use_and_alg', 'lacks use or alg', true);
  const usable = key.kty === 'RSA' || (key.kty === 'EC' && key.crv === 'P-256');
  addRuleIf(
    !usable,
    'rsa_or_p256',
    `has a type that not all clouds accept (${String(key.kty)} ${String(key.crv ?? '')})`.trim(),
    true,
  );
  addIf(
    key.kty === 'RSA' && bitsOf(key) < 2048,
    'is shorter than 2048 bits or malformed',
    'Create a new key with 2048 bits.',
  );
  return faults;
}

function bitsOf(key: Members): number {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    return asymmetricKeyDetails?.modulusLength ?? 0;
  } catch {
    return 0;
  }
}
