/** Compares the public discovery document and JWKS with those that the server reports. */
import { isDeepStrictEqual } from 'node:util';
import { redact } from '../../platform/redaction/index.ts';
import {
  type DocumentFault,
  deadlineMs,
  type Fetched,
  type Members,
  readDocument,
} from '../../tokens/remote-documents/index.ts';
import { type Check, failed, passed } from './check.ts';

const advice =
  'Compare the response of this URL with that of the public listener: a proxy or cache between them redirects, caches, changes or refuses it. The server must send the whole certificate chain.';

/** Without these three AWS answers "Couldn't retrieve verification key". */
export const requiredLists = [
  'response_types_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
] as const;

export function checkDiscovery(fetched: Fetched, expected: Members): Check {
  const { document, faults } = parseDocument(fetched);
  if (document) {
    for (const name of ['issuer', 'jwks_uri']) {
      if (document[name] !== expected[name]) {
        faults.push(`${name} is ${JSON.stringify(document[name])} and not ${JSON.stringify(expected[name])}`);
      }
    }
    for (const name of requiredLists) {
      const list = document[name];
      if (!Array.isArray(list) || list.length === 0) faults.push(`${name} is missing`);
    }
  }
  return verdict('discovery', fetched, faults);
}

/** GCP's limit for an uploaded JWKS. */
export const maxKeys = 8;

/** AWS ignores a key with key_ops; GCP rejects an uploaded JWKS with x5c or x5t; the others are private. */
export const unwantedMembers = ['key_ops', 'x5c', 'x5t', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'k'];

export function checkJwks(fetched: Fetched, expected: readonly Members[]): Check {
  const { document, faults } = parseDocument(fetched);
  if (document) {
    const keys = Array.isArray(document.keys) ? (document.keys as Members[]) : [];
    if (keys.length > maxKeys) faults.push(`it has ${keys.length} keys, more than ${maxKeys}`);
    for (const key of expected) {
      const matches = keys.filter(({ kid }) => kid === key.kid);
      if (matches.length === 0) faults.push(`the key ${String(key.kid)} is missing`);
      else if (!isDeepStrictEqual(matches, [key])) faults.push(`the key ${String(key.kid)} differs`);
    }
    for (const key of keys) {
      if (!expected.some(({ kid }) => kid === key.kid))
        faults.push(`the server does not publish the key ${String(key.kid)}`);
      const members = unwantedMembers.filter((member) => Object.hasOwn(key, member));
      if (members.length > 0) faults.push(`the key ${String(key.kid)} has ${members.join(', ')}`);
    }
  }
  return verdict('jwks', fetched, faults);
}

/** The document, unless it cannot be read, and the faults of the response in words. */
export function parseDocument(fetched: Fetched): { document?: Members; faults: string[] } {
  const { document, faults } = readDocument(fetched);
  return { ...(document && { document }), faults: faults.map(describeFault) };
}

function describeFault(fault: DocumentFault): string {
  switch (fault.type) {
    case 'no_answer':
      return fault.code === undefined ? fault.reason : `${fault.reason} (${fault.code})`;
    case 'slow':
      return `it takes ${fault.ms} ms, but clouds give up after ${deadlineMs} ms`;
    case 'status':
      return `it answers ${fault.status}${fault.location ? `, a redirect to ${fault.location}` : ''}`;
    case 'content_type':
      return `its content type is ${fault.contentType ?? 'none'}`;
    case 'no_object':
      return 'it is not a JSON object';
  }
}

const verdict = (name: string, { url, ms }: Fetched, faults: readonly string[]): Check =>
  faults.length === 0
    ? passed(name, `${url} answers in ${ms} ms`)
    : failed(name, `${url}: ${faults.map(redact).join('; ')}`, advice);
