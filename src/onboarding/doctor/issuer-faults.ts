/** What can be wrong with an issuer's URL, its discovery document and its keys, and which cloud minds. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { CloudName } from '../../clouds/index.ts';
import { keysAtMost, lists, type Members, unwanted } from './documents.ts';

export interface Fault {
  readonly what: string;
  readonly advice: string;
  readonly minds: readonly CloudName[];
  /** It works, or may work. */
  readonly mild?: boolean;
}

const all: readonly CloudName[] = ['aws', 'azure', 'gcp'];

/** @param issuer an absolute URL */
export function urlFaults(issuer: string): Fault[] {
  const url = new URL(issuer);
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(issuer)?.[1] ?? '';
  const found: Fault[] = [];
  const add = (holds: boolean, what: string, advice: string, minds = all, mild = false) => {
    if (holds) found.push({ what, advice, minds, mild });
  };
  add(
    url.protocol !== 'https:',
    'it is no https URL',
    'Serve it by https with a certificate of a public authority.',
  );
  add(/:\d+$/.test(authority), 'it has a port', 'Use 443, and leave it out: IAM takes no other.', ['aws']);
  add(/[?#]/.test(issuer), 'it has a query or a fragment', 'Leave it out.');
  add(
    authority !== authority.toLowerCase(),
    'its host has upper-case letters',
    'Write it in lower case: it is compared to the letter.',
    all,
    true,
  );
  add(
    issuer.endsWith('/'),
    'it has a slash at the end',
    'Leave it out, or write it everywhere: with and without are two issuers to every cloud.',
    all,
    true,
  );
  add(issuer.length > 255, 'it is over 255 characters', 'Shorten it.', ['aws']);
  return found;
}

export function discoveryFaults(issuer: string, document: Members): Fault[] {
  const found: Fault[] = [];
  if (document.issuer !== issuer)
    found.push({
      what: `issuer is ${JSON.stringify(document.issuer)} and not ${JSON.stringify(issuer)}`,
      advice: 'Let the document name the issuer to the letter, as the tokens do.',
      minds: all,
    });
  const uri = document.jwks_uri;
  if (typeof uri !== 'string' || !uri.startsWith('https://'))
    found.push({ what: `jwks_uri is ${JSON.stringify(uri)}`, advice: 'Name an https URL.', minds: all });
  for (const name of lists) {
    const list = document[name];
    if (!Array.isArray(list) || list.length === 0)
      found.push({
        what: `${name} is missing`,
        advice: 'Add it: without the three lists AWS reads no key.',
        minds: ['aws'],
      });
  }
  const algorithms = document.id_token_signing_alg_values_supported;
  if (Array.isArray(algorithms) && !algorithms.includes('RS256'))
    found.push({
      what: 'RS256 is not offered',
      advice: 'Sign tokens for Azure with RS256.',
      minds: ['azure'],
    });
  return found;
}

export function jwksFaults(keys: readonly Members[]): Fault[] {
  const found = keys.flatMap(keyFaults);
  const kids = keys.map(({ kid }) => kid).filter((kid) => kid !== undefined);
  const twice = kids.find((kid, index) => kids.indexOf(kid) !== index);
  const count = (kty: string) => keys.filter((key) => key.kty === kty).length;
  if (twice !== undefined)
    found.push({
      what: `two keys have the kid ${String(twice)}`,
      advice: 'Give each its own: the RFC 7638 thumbprint.',
      minds: all,
    });
  if (keys.length === 0)
    found.push({ what: 'there is no key', advice: 'Publish the signing keys.', minds: all });
  if (count('RSA') > 100 || count('EC') > 100)
    found.push({
      what: 'there are over 100 keys of one type',
      advice: 'Take out old ones: AWS uses none of them then.',
      minds: ['aws'],
    });
  else if (keys.length > keysAtMost)
    found.push({
      what: `there are ${keys.length} keys`,
      advice: `Take out old ones: who uploads them to Google Cloud can have ${keysAtMost}.`,
      minds: ['gcp'],
      mild: true,
    });
  if (keys.length > 0 && count('RSA') === 0)
    found.push({
      what: 'there is no RSA key',
      advice: 'Azure takes RS256 only: publish one.',
      minds: ['azure'],
    });
  return found;
}

/** AWS's own and Google's words on each stand in docs/verification.md. */
function keyFaults(key: Members, index: number): Fault[] {
  const name = typeof key.kid === 'string' ? `the key ${key.kid}` : `key number ${index + 1}`;
  const found: Fault[] = [];
  const add = (holds: boolean, what: string, advice: string, minds: readonly CloudName[], mild = false) => {
    if (holds) found.push({ what: `${name} ${what}`, advice, minds, mild });
  };
  const has = (member: string) => Object.hasOwn(key, member);
  const secret = unwanted.filter((member) => /^(d|p|q|dp|dq|qi|k)$/.test(member) && has(member));
  add(
    secret.length > 0,
    `holds its private half (${secret.join(', ')})`,
    'Revoke it now, and publish public keys only.',
    all,
  );
  add(
    typeof key.kid !== 'string' || key.kid === '',
    'has no kid',
    'Give it one: the RFC 7638 thumbprint.',
    all,
  );
  add(has('key_ops'), 'has key_ops', 'Take it out: AWS does not use a key that has it.', ['aws']);
  add(
    has('x5c') || has('x5t'),
    'has x5c or x5t',
    'Take them out: Google refuses such a key when it is uploaded.',
    ['gcp'],
    true,
  );
  add(
    key.use !== undefined && key.use !== 'sig',
    `is for ${String(key.use)}`,
    'Publish signing keys only, with use sig.',
    all,
    true,
  );
  add(key.use === undefined || key.alg === undefined, 'lacks use or alg', 'Name both.', ['gcp'], true);
  const usable = key.kty === 'RSA' || (key.kty === 'EC' && key.crv === 'P-256');
  add(
    !usable,
    `is of a type that not all clouds take (${String(key.kty)} ${String(key.crv ?? '')})`.trim(),
    'Use RSA of 2048 bits, or P-256.',
    ['azure', 'gcp'],
    true,
  );
  add(
    key.kty === 'RSA' && bitsOf(key) < 2048,
    'is shorter than 2048 bits or damaged',
    'Make a new one of 2048 bits.',
    all,
  );
  return found;
}

function bitsOf(key: Members): number {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    return asymmetricKeyDetails?.modulusLength ?? 0;
  } catch {
    return 0;
  }
}
