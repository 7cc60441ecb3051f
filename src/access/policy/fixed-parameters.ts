/** Parameters that a caller might send, but that only the connection sets: target, identity and lifetime. */
export const fixedByConnection: ReadonlySet<string> = new Set([
  // Target
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
  // Permissions
  'policy',
  'session_policy',
  'session_tags',
  'source_identity',
  'scopes',
  // Token claims
  'claims',
  'iss',
  'sub',
  'subject',
  'aud',
  'exp',
  // Lifetime
  'ttl',
  'lifetime',
  'lifetime_seconds',
  'expires_in',
  'duration_seconds',
]);
