/** Authorizes access to an object by the policies of the role, the session and the bucket. */
import { isObject } from '../../jws.ts';
import type { Account } from '../accounts.ts';
import type { Principal } from '../authenticate.ts';
import { holds } from '../policy/conditions.ts';
import { parseStatements, type Statement, strings } from '../policy/document.ts';
import { type Context, compile } from '../policy/pattern.ts';
import type { Bucket } from './buckets.ts';

export type S3Action = 's3:PutObject' | 's3:GetObject' | 's3:DeleteObject';

interface AccessRequest {
  readonly action: S3Action;
  readonly arn: string;
  readonly context: Context;
}

/** `principal` undefined: an anonymous request. */
export function isAllowed(
  principal: Principal | undefined,
  action: S3Action,
  bucket: Bucket,
  key: string,
  accountOf: (principal: Principal & { kind: 'session' }) => Account | undefined,
): boolean {
  if (principal?.kind === 'account') return principal.accountId === bucket.accountId;
  const arn = `arn:${bucket.partition}:s3:::${bucket.name}/${key}`;
  const request = { action, arn, context: new Map() };
  const bucketEffect = effectOf(publicStatements(bucket.policy), request);
  if (!principal) return bucketEffect === 'Allow';
  const { session } = principal;
  const name = session.arn.split('/')[1] ?? '';
  const inline = [...(accountOf(principal)?.roles.get(name.toLowerCase())?.inlinePolicies.values() ?? [])];
  const roleEffect = effectOf(inline.flatMap(parseStatements), request);
  const sessionEffect =
    session.policy === undefined ? 'Allow' : effectOf([...parseStatements(session.policy)], request);
  if ([bucketEffect, roleEffect, sessionEffect].includes('Deny')) return false;
  // Across accounts, both sides must allow the access.
  const allowed = roleEffect === 'Allow' && sessionEffect === 'Allow';
  return allowed && (session.accountId === bucket.accountId || bucketEffect === 'Allow');
}

const publicStatements = (policy: string | undefined): Statement[] =>
  policy === undefined
    ? []
    : parseStatements(policy).filter(
        ({ fields: { Principal: principal } }) =>
          principal === '*' || (isObject(principal) && [principal.AWS].flat().includes('*')),
      );

function effectOf(statements: readonly Statement[], request: AccessRequest): 'Allow' | 'Deny' | undefined {
  const effects = statements.filter((statement) => appliesTo(statement, request)).map(({ effect }) => effect);
  return effects.includes('Deny') ? 'Deny' : effects[0];
}

function appliesTo(
  { actions, conditions, fields }: Statement,
  { action, arn, context }: AccessRequest,
): boolean {
  const matches = (list: readonly string[], value: string, flags: 'i' | '') =>
    list.some((pattern) => compile(pattern, context, { wildcards: true, flags })?.test(value));
  const matchesAction =
    'NotAction' in fields ? !matches(strings(fields.NotAction), action, 'i') : matches(actions, action, 'i');
  const matchesResource =
    'NotResource' in fields
      ? !matches(strings(fields.NotResource), arn, '')
      : matches(strings(fields.Resource ?? []), arn, '');
  return matchesAction && matchesResource && conditions.every((condition) => holds(condition, context));
}
