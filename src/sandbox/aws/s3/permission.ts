/** Whether a caller may do something to an object: the policies of the role, of the session and of the bucket. */
import { isObject } from '../../jws.ts';
import type { Account } from '../accounts.ts';
import type { Caller } from '../authenticate.ts';
import { holds } from '../policy/conditions.ts';
import { parseStatements, type Statement, strings } from '../policy/document.ts';
import { type Context, compile } from '../policy/pattern.ts';
import type { Bucket } from './buckets.ts';

export type S3Action = 's3:PutObject' | 's3:GetObject' | 's3:DeleteObject';

interface Wish {
  readonly action: S3Action;
  readonly arn: string;
  readonly context: Context;
}

/** `caller` undefined: somebody from the internet. */
export function mayDo(
  caller: Caller | undefined,
  action: S3Action,
  bucket: Bucket,
  key: string,
  role: (caller: Caller & { kind: 'session' }) => Account | undefined,
): boolean {
  if (caller?.kind === 'account') return caller.accountId === bucket.accountId;
  const arn = `arn:${bucket.partition}:s3:::${bucket.name}/${key}`;
  const wish = { action, arn, context: new Map() };
  const ofBucket = verdict(everybody(bucket.policy), wish);
  if (!caller) return ofBucket === 'Allow';
  const { session } = caller;
  const name = session.arn.split('/')[1] ?? '';
  const inline = [...(role(caller)?.roles.get(name.toLowerCase())?.inlinePolicies.values() ?? [])];
  const ofRole = verdict(inline.flatMap(parseStatements), wish);
  const ofSession =
    session.policy === undefined ? 'Allow' : verdict([...parseStatements(session.policy)], wish);
  if ([ofBucket, ofRole, ofSession].includes('Deny')) return false;
  // In another account both sides must allow it.
  const allowed = ofRole === 'Allow' && ofSession === 'Allow';
  return allowed && (session.accountId === bucket.accountId || ofBucket === 'Allow');
}

const everybody = (policy: string | undefined): Statement[] =>
  policy === undefined
    ? []
    : parseStatements(policy).filter(
        ({ fields: { Principal: principal } }) =>
          principal === '*' || (isObject(principal) && [principal.AWS].flat().includes('*')),
      );

function verdict(statements: readonly Statement[], wish: Wish): 'Allow' | 'Deny' | undefined {
  const effects = statements.filter((statement) => concerns(statement, wish)).map(({ effect }) => effect);
  return effects.includes('Deny') ? 'Deny' : effects[0];
}

function concerns({ actions, conditions, fields }: Statement, { action, arn, context }: Wish): boolean {
  const named = (list: readonly string[], value: string, flags: 'i' | '') =>
    list.some((one) => compile(one, context, { wildcards: true, flags })?.test(value));
  const ofAction =
    'NotAction' in fields ? !named(strings(fields.NotAction), action, 'i') : named(actions, action, 'i');
  const ofResource =
    'NotResource' in fields
      ? !named(strings(fields.NotResource), arn, '')
      : named(strings(fields.Resource ?? []), arn, '');
  return ofAction && ofResource && conditions.every((condition) => holds(condition, context));
}
