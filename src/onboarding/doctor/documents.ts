/** Discovery and JWKS, as the world sees them, beside what the server itself says. */
import { isDeepStrictEqual } from 'node:util';
import { type Check, failed, passed } from './check.ts';
import { deadlineMs, type Fetched } from './fetch.ts';

export type Members = Readonly<Record<string, unknown>>;

const advice =
  'Compare what this URL answers with what the public listener answers: something on the way redirects, caches, rewrites or refuses it. A whole certificate chain must be sent.';

/** Without these three AWS answers "Couldn't retrieve verification key". */
export const lists = [
  'response_types_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
] as const;

export function checkDiscovery(fetched: Fetched, expected: Members): Check {
  const { document, faults } = read(fetched);
  if (document) {
    for (const name of ['issuer', 'jwks_uri']) {
      if (document[name] !== expected[name]) {
        faults.push(`${name} is ${JSON.stringify(document[name])} and not ${JSON.stringify(expected[name])}`);
      }
    }
    for (const name of lists) {
      const list = document[name];
      if (!Array.isArray(list) || list.length === 0) faults.push(`${name} is missing`);
    }
  }
  return verdict('discovery', fetched, faults);
}

/** GCP takes no more of an uploaded JWKS. */
export const keysAtMost = 8;

/** With key_ops AWS passes a key over, with x5c or x5t GCP refuses an uploaded JWKS; the others are private. */
export const unwanted = ['key_ops', 'x5c', 'x5t', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'k'];

export function checkJwks(fetched: Fetched, expected: readonly Members[]): Check {
  const { document, faults } = read(fetched);
  if (document) {
    const keys = Array.isArray(document.keys) ? (document.keys as Members[]) : [];
    if (keys.length > keysAtMost) faults.push(`it has ${keys.length} keys, over ${keysAtMost}`);
    for (const key of expected) {
      const found = keys.filter(({ kid }) => kid === key.kid);
      if (found.length === 0) faults.push(`the key ${String(key.kid)} is missing`);
      else if (!isDeepStrictEqual(found, [key])) faults.push(`the key ${String(key.kid)} is another one`);
    }
    for (const key of keys) {
      if (!expected.some(({ kid }) => kid === key.kid))
        faults.push(`the key ${String(key.kid)} is none that the server publishes`);
      const members = unwanted.filter((member) => Object.hasOwn(key, member));
      if (members.length > 0) faults.push(`the key ${String(key.kid)} has ${members.join(', ')}`);
    }
  }
  return verdict('jwks', fetched, faults);
}

export function read({ answer, ms, fault }: Fetched): { document?: Members; faults: string[] } {
  if (!answer) return { faults: [fault ?? 'no answer'] };
  const faults: string[] = [];
  if (ms >= deadlineMs) faults.push(`it takes ${ms} ms, and clouds give up after ${deadlineMs}`);
  if (answer.status !== 200) {
    const location = answer.headers.location;
    faults.push(`it answers ${answer.status}${location ? `, a redirect to ${location}` : ''}`);
    return { faults };
  }
  const type = answer.headers['content-type'] ?? 'nothing';
  if (!/^application\/json\b/.test(type)) faults.push(`it is served as ${type}`);
  const document = parse(answer.body);
  if (!document) faults.push('it is no JSON object');
  return { ...(document && { document }), faults };
}

const verdict = (name: string, { url, ms }: Fetched, faults: readonly string[]): Check =>
  faults.length === 0
    ? passed(name, `${url} answers in ${ms} ms`)
    : failed(name, `${url}: ${faults.join('; ')}`, advice);

function parse(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Members) : undefined;
  } catch {
    return undefined;
  }
}
