/** AssumeRoleWithWebIdentity: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
import { toSeconds } from '../../../platform/time/index.ts';
import { parseJws } from '../../jws.ts';
import { type Account, type Provider, type Role, seconds } from '../accounts.ts';
import { accessDenied, fault, validationError } from '../fault.ts';
import { checkIdentityPolicy } from '../policy/identity.ts';
import { resourceControlRefusal } from '../policy/organization.ts';
import { admits } from '../policy/trust.ts';
import { optionalInteger, optionalText, read, records, text } from '../query.ts';
import type { Call } from '../service.ts';
import type { XmlValue } from '../xml.ts';
import { checkClaims, invalidToken, notAJwt, notValidated } from './claims.ts';
import { contextOf } from './context.ts';
import { verifySignature } from './keys.ts';
import { packedSize } from './packed-size.ts';
import { readSessionClaims, type SessionClaims } from './session-claims.ts';

const shape = {
  RoleArn: text({ min: 20, max: 2048 }),
  RoleSessionName: text({ min: 2, max: 64, pattern: /[\w+=,.@-]*/ }),
  WebIdentityToken: text({ min: 4, max: 20_000, secret: true }),
  ProviderId: optionalText({ min: 4, max: 2048 }),
  DurationSeconds: optionalInteger({ min: 900, max: 43_200 }),
  Policy: optionalText({ min: 1, max: 2048 }),
  PolicyArns: records,
};

type Input = ReturnType<typeof read<typeof shape>>;

export async function assumeRoleWithWebIdentity(call: Call): Promise<XmlValue> {
  const { params, runtime, issuers, sessions } = call;
  const input = read(params, shape);
  const target = parseRoleArn(input.RoleArn);
  checkSessionPolicies(input);
  checkProviderId(input.ProviderId);

  const parsed = parseJws(input.WebIdentityToken);
  if (!parsed.ok || !isAcceptable(parsed.jws.header)) throw notAJwt();
  const { jws } = parsed;
  const identity = checkClaims(jws, toSeconds(runtime.now()));
  const account = call.accounts.open(target.partition, target.accountId);
  const provider = providerOf(account, identity.issuer);
  if (!provider.clientIds.includes(identity.audience)) throw notValidated();
  await verifySignature(jws, identity.issuer, issuers);

  const session = readSessionClaims(jws);
  if (session.roles && !session.roles.includes(input.RoleArn))
    throw invalidToken('The target role ARN is not present in the roles claim of the identity token');
  const role = account.roles.get(target.name.toLowerCase());
  const context = contextOf({
    ...{ now: runtime.now(), identity, session, provider, role },
    sessionName: input.RoleSessionName,
    // The global endpoint, and the sandbox's own address, mean the default region.
    region: /^sts\.([a-z0-9-]+)\./.exec(call.request.headers.host ?? '')?.[1] ?? 'us-east-1',
  });
  if (!role || role.arn !== input.RoleArn || !hasPropagated(call, provider, role)) throw notAuthorized();
  if (!admits(role.trustPolicy, { provider: provider.arn, actions: neededActions(session), context }))
    throw notAuthorized();
  const refusal = resourceControlRefusal(account, neededActions(session), { resource: role.arn, context });
  if (refusal) throw accessDenied(`Not authorized to perform sts:AssumeRoleWithWebIdentity ${refusal}`);

  const duration = input.DurationSeconds ?? 3600;
  if (duration > role.maxSessionDuration)
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  const PackedPolicySize = packedSize({
    policy: input.Policy ?? '',
    policyArns: arnsOf(input),
    tags: session.tags,
  });
  const { RoleSessionName: name } = input;
  const issued = sessions.issue({
    accountId: account.id,
    arn: `arn:${account.partition}:sts::${account.id}:assumed-role/${role.name}/${name}`,
    userId: `${role.id}:${name}`,
    expiresAt: runtime.now() + duration * 1000,
    ...sessionPolicyOf(input),
  });
  return {
    SubjectFromWebIdentityToken: identity.subject,
    Audience: identity.audience,
    AssumedRoleUser: { Arn: issued.arn, AssumedRoleId: issued.userId },
    Credentials: {
      AccessKeyId: issued.accessKeyId,
      SecretAccessKey: issued.secretAccessKey,
      SessionToken: issued.sessionToken,
      Expiration: seconds(issued.expiresAt),
    },
    Provider: provider.arn,
    SourceIdentity: session.sourceIdentity,
    PackedPolicySize,
  };
}

function parseRoleArn(arn: string): { partition: string; accountId: string; name: string } {
  const [, partition, accountId, name] =
    /^arn:([a-z-]+):iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (!partition || !accountId || !name) throw validationError('Request ARN is invalid');
  return { partition, accountId, name };
}

const arnsOf = ({ PolicyArns: list }: Input): string[] => list.map((item) => item.get('arn') ?? '');

function checkSessionPolicies(input: Input): void {
  const { Policy: policy = '' } = input;
  const arns = arnsOf(input);
  if (arns.length > 10)
    throw validationError(
      `1 validation error detected: Value '[${arns.join(', ')}]' at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10`,
    );
  if (!arns.every((arn) => /^arn:[a-z-]+:iam::(?:aws|\d{12}):policy\/.+$/.test(arn)))
    throw validationError('The specified value for PolicyArns is invalid.');
  if (policy) checkIdentityPolicy(policy);
  if (policy.length + arns.join('').length > 2048)
    throw fault(
      'PackedPolicyTooLarge',
      'Packed policy consumes more than 100% of allotted space, please use smaller policy.',
    );
}

/**
 * A session is allowed what one of its policies allows. The accounts have no managed policies, so a named one allows
 * nothing.
 */
function sessionPolicyOf({ Policy: policy, PolicyArns: arns }: Input): { policy?: string } {
  if (policy !== undefined) return { policy };
  return arns.length > 0 ? { policy: denyAll } : {};
}

const denyAll = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
});

/** ProviderId must be absent with an OIDC token; the refusals are recorded. */
function checkProviderId(providerId: string | undefined): void {
  if (providerId === undefined) return;
  if (providerId === 'www.amazon.com') throw invalidToken('Provided Token is not a Login With Amazon token');
  if (providerId === 'graph.facebook.com')
    throw fault(
      'IDPRejectedClaim',
      'graph.facebook.com rejected OAuth token with response "Bad signature" and code 190',
      403,
    );
  throw accessDenied(
    'Unrecognized OAuth provider. Do not include a provider parameter when submitting OpenIDConnect ID tokens',
  );
}

const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];

const isAcceptable = (header: Readonly<Record<string, unknown>>): boolean =>
  algorithms.includes(header.alg as string) && !('crit' in header);

function providerOf(account: Account, issuer: string): Provider {
  const provider = [...account.providers.values()].find((candidate) => candidate.issuer === issuer);
  if (!provider) throw invalidToken(`No OpenIDConnect provider found in your account for ${issuer}`);
  return provider;
}

function neededActions({ tags, sourceIdentity }: SessionClaims): string[] {
  return [
    'sts:AssumeRoleWithWebIdentity',
    ...(tags.size > 0 ? ['sts:TagSession'] : []),
    ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ];
}

/** STS sees a change of trust after some seconds (4 to 11 were measured). */
function hasPropagated({ runtime }: Call, provider: Provider, role: Role): boolean {
  const changedAt = Math.max(provider.changedAt, role.changedAt);
  return runtime.now() >= changedAt + runtime.propagationSeconds('aws') * 1000;
}

const notAuthorized = () => accessDenied('Not authorized to perform sts:AssumeRoleWithWebIdentity');
