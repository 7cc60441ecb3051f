/** Members of an allow policy (cloud.google.com/iam/docs/principal-identifiers). */

export type Member =
  /** Our connection, exactly. */
  | 'own'
  /** A mistake for ours with the project id: it matches no token. */
  | 'project_id'
  /** Another pool, which chooses who gets our subject. */
  | 'foreign_pool'
  /** Everyone, or every identity of a pool. */
  | 'everyone'
  | 'pool'
  /** Identities with an attribute or a group, whose mapping is not in this document. */
  | 'set'
  /** Another subject of our pool. */
  | 'subject'
  /** A person, a group, a domain, a service account or an identity of another pool. */
  | 'named'
  /** A deleted principal has no access. */
  | 'deleted'
  | 'unknown';

const federated =
  /^principal(Set)?:\/\/iam\.googleapis\.com\/((?:projects\/([^/]+)\/locations\/global\/workloadIdentityPools|locations\/global\/workforcePools)\/[^/]+)\/(.+)$/;

/** @param pool the full name of our pool */
export function classify(member: string, pool: string, subject: string): Member {
  if (/^(?:all(?:Authenticated)?Users|principalSet:\/\/goog\/public:all)$/.test(member)) return 'everyone';
  if (/^deleted:/.test(member)) return 'deleted';
  if (/^(?:user|group|domain|serviceAccount):\S+$/.test(member)) return 'named';
  const [, isSet, memberPool, project, rest = ''] = federated.exec(member) ?? [];
  if (memberPool === undefined) return /^principal(?:Set)?:\/\/\S+$/.test(member) ? 'named' : 'unknown';
  if (isSet) return rest === '*' ? 'pool' : 'set';
  if (memberPool === pool) return rest === `subject/${subject}` ? 'own' : 'subject';
  if (rest !== `subject/${subject}`) return 'named';
  return project === undefined || /^\d+$/.test(project) ? 'foreign_pool' : 'project_id';
}
