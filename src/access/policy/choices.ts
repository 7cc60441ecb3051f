/** What a caller might try to choose; the connection alone says where it leads, as whom and for how long. */
const neverTheCallers = new Set([
  // Where to
  'target',
  'region',
  'role_arn',
  'role',
  'account',
  'account_id',
  'tenant_id',
  'tenant',
  'environment',
  'project_number',
  'pool_id',
  'provider_id',
  'service_account',
  // With what
  'policy',
  'session_policy',
  'session_tags',
  'source_identity',
  'scopes',
  // What stands in the token
  'claims',
  'iss',
  'sub',
  'subject',
  'aud',
  'exp',
  // For how long
  'ttl',
  'lifetime',
  'lifetime_seconds',
  'expires_in',
  'duration_seconds',
]);

export const isNeverTheCallers = (parameter: string): boolean => neverTheCallers.has(parameter);
