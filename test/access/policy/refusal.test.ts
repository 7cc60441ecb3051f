import { describe, expect, test } from '@jest/globals';
import type { Rule } from '../../../src/access/clients/index.ts';
import { decide, type Guard, type PolicySubject } from '../../../src/access/policy/index.ts';
import { refusalOf } from '../../../src/access/policy/refusal.ts';
import { callerOf, guardOf, placeOf } from './places.ts';

/** The code, text and cause of the refusal for this client, connection and purpose. */
function refused(
  may_use: readonly Rule[],
  purpose: string | null | undefined,
  place: Partial<PolicySubject> = {},
  guards: readonly Guard[] = [],
) {
  const connection = placeOf({ id: 'con_1', purposes: { deploy: {}, read: {} }, ...place });
  const question = { client: callerOf(may_use), connection, claims: {}, at: 0 };
  const decision = decide(guards, purpose === undefined ? question : { ...question, purpose });
  const { code, message, cause } = refusalOf(decision, connection, purpose, decide(guards, question));
  return [code, ...(code === 'purpose_required' ? [message] : []), (cause as Error | undefined)?.message];
}

const all: readonly Rule[] = [{ cloud: 'aws' }];
const onlyRead: readonly Rule[] = [{ cloud: 'gcp' }, { cloud: 'aws', purposes: ['read'] }];
const both: readonly Rule[] = [{ cloud: 'aws', purposes: ['read', 'deploy'] }];
const byKeys: readonly Rule[] = [{ cloud: 'aws', when: { methods: ['tls'], claims: { ref: 'x' } } }];

describe('a refusal', () => {
  test('names an unavailable connection to a client that may use it', () => {
    expect(refused(all, null, { disabled: true })).toEqual(['connection_disabled', undefined]);
    expect(refused(all, 'read', { paused_at: '2026-11-23T12:00:00.000Z' })).toEqual([
      'connection_paused',
      undefined,
    ]);
    expect(refused([], null, { disabled: true })).toEqual(['connection_not_found', undefined]);
  });

  test('lists the purposes that the client may use, if the request names none', () => {
    const text =
      'The client may use the connection for several purposes (deploy, read), and the request names none.';
    expect(refused(both, undefined)).toEqual(['purpose_required', text, undefined]);
  });

  test('names the purpose only to a client that may use the connection otherwise', () => {
    expect(refused(onlyRead, 'deploy')).toEqual(['purpose_not_found', 'rule 1 for purpose deploy: purposes']);
    expect(refused(both, 'secret')).toEqual(['purpose_not_found', 'rule 0 for an unknown purpose: purposes']);
    expect(refused(onlyRead, 'deploy', { disabled: true })).toEqual([
      'purpose_not_found',
      'rule 1 for purpose deploy: purposes',
    ]);
    expect(refused(onlyRead, null)).toEqual(['connection_not_found', 'rule 1: purposes']);
    expect(refused([], 'deploy')).toEqual(['connection_not_found', undefined]);
    expect(refused(byKeys, 'deploy')).toEqual([
      'connection_not_found',
      'rule 0 for purpose deploy: claims.ref, methods',
    ]);
  });

  test('has the guard and its unmet conditions as the cause', () => {
    const guard = guardOf({ name: 'strict', require: { methods: ['tls'], purposes: ['read'] } });
    expect(refused(all, null, {}, [guard])).toEqual([
      'connection_not_found',
      'guard strict: methods, purposes',
    ]);
    expect(refused(all, 'deploy', {}, [guard])).toEqual([
      'connection_not_found',
      'guard strict for purpose deploy: methods, purposes',
    ]);
  });
});
