import { expect, test } from '@jest/globals';
import { fixedByConnection } from '../../../src/access/policy/index.ts';

test.each([
  ['the target', 'target region role_arn role account account_id tenant_id tenant environment'],
  ['the target at Google', 'project_number pool_id provider_id service_account'],
  ['the permissions', 'policy session_policy session_tags source_identity scopes'],
  ['the token claims', 'claims iss sub subject aud exp'],
  ['the lifetime', 'ttl lifetime lifetime_seconds expires_in duration_seconds'],
])('a caller cannot choose %s: %s', (_, names) => {
  expect(names.split(' ').filter((name) => !fixedByConnection.has(name))).toEqual([]);
});

test.each(['purpose', 'format', 'connection', 'resource', '', 'toString'])(
  'the parameter %j is not fixed by the connection',
  (name) => {
    expect(fixedByConnection.has(name)).toBe(false);
  },
);
