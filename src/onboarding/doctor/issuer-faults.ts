/** Possible faults of an issuer's URL, discovery document and keys, and the clouds that they affect. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { type CloudName, cloudNames } from '../../clouds/index.ts';
import { type Members, maxKeys, requiredLists, unwantedMembers } from './documents.ts';

export interface Fault {
  readonly problem: string;
  readonly advice: string;
  readonly clouds: readonly CloudName[];
  /** The issuer works in spite of it, or may work. */
  readonly isWarning?: boolean;
}

/** @param issuer an absolute URL */
export function urlFaults(issuer: string): Fault[] {
  const url = new URL(issuer);
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(issuer)?.[1] ?? '';
  const faults: Fault[] = [];
  const addIf = (
    applies: boolean,
    problem: string,
    advice: string,
    clouds = cloudNames,
    isWarning = false,
  ) => {
    if (applies) faults.push({ problem, advice, clouds, isWarning });
  };
  addIf(
    url.protocol !== 'https:',
    'it is not an https URL',
    'Serve it over https with a certificate of a public authority.',
  );
  addIf(/:\d+$/.test(authority), 'it has a port', 'Use port 443 and omit it: AWS IAM accepts no other.', [
    'aws',
  ]);
  addIf(/[?#]/.test(issuer), 'it has a query or a fragment', 'Remove it.');
  addIf(
    authority !== authority.toLowerCase(),
    'its host has upper-case letters',
    'Write it in lower case: clouds compare it exactly.',
    cloudNames,
    true,
  );
  addIf(
    issuer.endsWith('/'),
    'it ends with a slash',
    'Remove the slash, or use it everywhere: to every cloud, the URLs with and without it are two issuers.',
    cloudNames,
    true,
  );
  addIf(issuer.length > 255, 'it is longer than 255 characters', 'Shorten it.', ['aws']);
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
      faults.push({
        problem: `${name} is missing`,
        advice: 'Add it: without the three lists AWS does not read the keys.',
        clouds: ['aws'],
      });
  }
  const algorithms = document.id_token_signing_alg_values_supported;
  if (Array.isArray(algorithms) && !algorithms.includes('RS256'))
    faults.push({
      problem: 'RS256 is not listed',
      advice: 'Sign tokens for Azure with RS256.',
      clouds: ['azure'],
    });
  return faults;
}

export function jwksFaults(keys: readonly Members[]): Fault[] {
  const faults = keys.flatMap(keyFaults);
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
    faults.push({
      problem: 'there are more than 100 keys of one type',
      advice: 'Remove old keys: AWS uses none of them above this limit.',
      clouds: ['aws'],
    });
  else if (keys.length > maxKeys)
    faults.push({
      problem: `there are ${keys.length} keys`,
      advice: `Remove old keys: a JWKS uploaded to Google Cloud can have ${maxKeys}.`,
      clouds: ['gcp'],
      isWarning: true,
    });
  if (keys.length > 0 && count('RSA') === 0)
    faults.push({
      problem: 'there is no RSA key',
      advice: 'Publish one: Azure accepts RS256 only.',
      clouds: ['azure'],
    });
  return faults;
}

/** docs/verification.md quotes the AWS and Google documentation for each fault. */
function keyFaults(key: Members, index: number): Fault[] {
  const name = typeof key.kid === 'string' ? `the key ${key.kid}` : `key number ${index + 1}`;
  const faults: Fault[] = [];
  const addIf = (
    applies: boolean,
    problem: string,
    advice: string,
    clouds: readonly CloudName[],
    isWarning = false,
  ) => {
    if (applies) faults.push({ problem: `${name} ${problem}`, advice, clouds, isWarning });
  };
  const has = (member: string) => Object.hasOwn(key, member);
  const secret = unwantedMembers.filter((member) => /^(d|p|q|dp|dq|qi|k)$/.test(member) && has(member));
  addIf(
    secret.length > 0,
    `contains private members (${secret.join(', ')})`,
    'Revoke it now, and publish public members only.',
    cloudNames,
  );
  addIf(
    typeof key.kid !== 'string' || key.kid === '',
    'has no kid',
    'Add one, such as the RFC 7638 thumbprint.',
    cloudNames,
  );
  addIf(has('key_ops'), 'has key_ops', 'Remove it: AWS ignores a key that has it.', ['aws']);
  addIf(
    has('x5c') || has('x5t'),
    'has x5c or x5t',
    'Remove them: Google rejects an uploaded JWKS that contains them.',
    ['gcp'],
    true,
  );
  addIf(
    key.use !== undefined && key.use !== 'sig',
    `has use ${String(key.use)}`,
    'Publish signing keys only, with use sig.',
    cloudNames,
    true,
  );
  addIf(key.use === undefined || key.alg === undefined, 'lacks use or alg', 'Add both.', ['gcp'], true);
  const usable = key.kty === 'RSA' || (key.kty === 'EC' && key.crv === 'P-256');
  addIf(
    !usable,
    `has a type that not all clouds accept (${String(key.kty)} ${String(key.crv ?? '')})`.trim(),
    'Use RSA with 2048 bits, or P-256.',
    ['azure', 'gcp'],
    true,
  );
  addIf(
    key.kty === 'RSA' && bitsOf(key) < 2048,
    'is shorter than 2048 bits or malformed',
    'Create a new key with 2048 bits.',
    cloudNames,
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
