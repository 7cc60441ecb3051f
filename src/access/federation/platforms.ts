/**
 * Known platforms: the form of their tokens, and the claims that a trust must pin, because otherwise it would admit other
 * customers of the same issuer. Each names the document that describes its tokens.
 */
import type { Fault } from '../../platform/errors/index.ts';
import { spiffeIdPattern, trustDomainOf } from '../../platform/validation/index.ts';
import type { Pattern } from './pattern.ts';

export const platformNames = ['kubernetes', 'github', 'gitlab', 'aws', 'gcp', 'azure', 'spiffe'] as const;
export type PlatformName = (typeof platformNames)[number];

type Claims = Readonly<Record<string, Pattern>>;

/** The fields of a trust that the rules of a platform check. */
interface TrustFields {
  readonly issuer: string;
  readonly subject?: Pattern | undefined;
  readonly claims?: Claims | undefined;
}

export interface Platform {
  /** The issuer, if all customers of the platform share one. */
  readonly issuer?: string;
  /** The maximum lifetime of a token, in seconds. */
  readonly maxLifetime: number;
  /** Whether `aud` may be a list with one member. */
  readonly audienceInList: boolean;
  /** The claim that identifies the workload; clients are indexed by its exact value. */
  readonly anchor: string;
  /** How often a token (by its jti) is accepted: always, once, or once per resource. */
  readonly replayRule: 'always' | 'once' | 'once_per_resource';
  /** Claims derived from other fields. */
  readonly fill?: (pinned: Omit<TrustFields, 'issuer'>) => Claims;
  readonly faults: (pinned: TrustFields) => readonly Fault[];
}

const hour = 3_600;

/** The rules for an issuer that is no known platform. */
export const anyPlatform: Platform = {
  maxLifetime: 24 * hour,
  audienceInList: false,
  anchor: 'sub',
  replayRule: 'always',
  // Other claims are not enough: a shared issuer sends the same branch or stage for many customers.
  faults: ({ subject }) =>
    subject === undefined
      ? [{ path: 'subject', message: 'is missing; without it every workload of the issuer is admitted' }]
      : [],
};

export const platforms: Readonly<Record<PlatformName, Platform>> = {
  /**
   * kubernetes.io, "Managing Service Accounts" and KEP-1205: sub is system:serviceaccount:NAMESPACE:NAME, aud is always
   * a list, and the kubelet renews the file only after 80 % of its lifetime, so a token is used many times.
   */
  kubernetes: {
    maxLifetime: 24 * hour,
    audienceInList: true,
    anchor: 'sub',
    replayRule: 'always',
    faults: (pinned) =>
      requireSubject(
        pinned,
        /^system:serviceaccount:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?:[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
        'must be system:serviceaccount:NAMESPACE:NAME, exactly',
      ),
  },

  /**
   * docs.github.com, "OpenID Connect reference": names of repositories and owners can be reused by others, ids cannot; an
   * organization can customize sub. A job can request a token at any time, and each token has its own jti.
   */
  github: {
    issuer: 'https://token.actions.githubusercontent.com',
    maxLifetime: 600,
    audienceInList: false,
    anchor: 'repository_id',
    replayRule: 'once',
    faults: (pinned) => [
      ...requireDigits(pinned, 'repository_id'),
      ...requireDigits(pinned, 'repository_owner_id'),
      ...requireOneOf(pinned, ['ref', 'environment']),
    ],
  },

  /**
   * docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens": created once per job and valid until the job's
   * timeout. A branch and a tag can have the same name, so ref requires ref_type.
   */
  gitlab: {
    issuer: 'https://gitlab.com',
    maxLifetime: 24 * hour,
    audienceInList: false,
    anchor: 'project_id',
    // A job cannot get a second token; with `once` it could not use two connections.
    replayRule: 'once_per_resource',
    faults: (pinned) => [
      ...requireDigits(pinned, 'project_id'),
      ...requireOneOf(pinned, ['ref', 'environment']),
      ...(pinned.claims?.ref !== undefined ? requireOneOf(pinned, ['ref_type']) : []),
    ],
  },

  /**
   * docs.aws.amazon.com, IAM, "Understanding token claims" of outbound identity federation: each account has its own
   * issuer, sub is the ARN of the role, and GetWebIdentityToken returns a new token per call, valid for at most an hour.
   */
  aws: {
    maxLifetime: hour,
    audienceInList: false,
    anchor: 'sub',
    replayRule: 'once',
    fill: ({ subject }) => {
      const account = typeof subject === 'string' ? subject.split(':')[4] : undefined;
      return account ? { [awsAccount]: account } : {};
    },
    faults: (pinned) => [
      ...requireSubject(
        pinned,
        /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
        'must be the ARN of a role, exactly',
      ),
      ...accountOf(pinned),
    ],
  },

  /**
   * cloud.google.com, "Verify VM identity", and developers.google.com, "OpenID Connect": sub is the service account's unique
   * id, which is never reused; its e-mail address can be. Tokens have no jti.
   */
  gcp: {
    issuer: 'https://accounts.google.com',
    maxLifetime: hour + 60,
    audienceInList: false,
    anchor: 'sub',
    replayRule: 'always',
    fill: ({ claims }): Claims => (claims?.email === undefined ? {} : { email_verified: 'true' }),
    faults: (pinned) => [
      ...requireSubject(pinned, /^\d{10,30}$/, 'must be the unique id of the service account, in digits'),
      ...(pinned.claims?.email !== undefined && pinned.claims.email_verified !== 'true'
        ? [{ path: 'claims.email_verified', message: 'must be "true" where email is pinned' }]
        : []),
    ],
  },

  /**
   * learn.microsoft.com, "Access token claims reference" and "Managed identities for Azure resources": oid is the service
   * principal, tid its tenant. The platform caches tokens of managed identities for 24 hours and sets nbf 5 minutes early.
   */
  azure: {
    maxLifetime: 24 * hour + 600,
    audienceInList: false,
    anchor: 'oid',
    replayRule: 'always',
    faults: (pinned) => [
      ...requireGuid(pinned, 'tid'),
      ...requireGuid(pinned, 'oid'),
      ...tenantIssuer(pinned),
    ],
  },

  /** SPIFFE JWT-SVID sections 3 and 6.1: aud is one value or a list, exp is required, and an agent returns the same SVID many times. */
  spiffe: {
    maxLifetime: 24 * hour,
    audienceInList: true,
    anchor: 'sub',
    replayRule: 'always',
    faults: (pinned) => {
      const { subject, issuer } = pinned;
      const faults = requireSubject(pinned, spiffeIdPattern, 'must be a SPIFFE ID with a path, exactly');
      if (faults.length > 0 || (typeof subject === 'string' && trustDomainOf(subject) === issuer))
        return faults;
      return [{ path: 'issuer', message: 'must be the trust domain of the subject, as spiffe://DOMAIN' }];
    },
  },
};

export const platformOf = (platform: PlatformName | undefined): Platform =>
  platform === undefined ? anyPlatform : platforms[platform];

function requireSubject({ subject }: TrustFields, form: RegExp, message: string): Fault[] {
  return typeof subject === 'string' && form.test(subject) ? [] : [{ path: 'subject', message }];
}

function requireDigits({ claims = {} }: TrustFields, name: string): Fault[] {
  const value = claims[name];
  return typeof value === 'string' && /^\d+$/.test(value)
    ? []
    : [{ path: `claims.${name}`, message: 'must be the id in digits, exactly' }];
}

function requireGuid({ claims = {} }: TrustFields, name: string): Fault[] {
  const value = claims[name];
  return typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
    ? []
    : [{ path: `claims.${name}`, message: 'must be a GUID in lower case, exactly' }];
}

function requireOneOf({ claims = {} }: TrustFields, names: readonly string[]): Fault[] {
  return names.some((name) => claims[name] !== undefined)
    ? []
    : [
        {
          path: `claims.${names[0]}`,
          message: `is missing${names[1] ? `; so is ${names[1]}, which would do` : ''}`,
        },
      ];
}

/** A JSON Pointer (RFC 6901) into a claim that is an object. */
const awsAccount = '/https:~1~1sts.amazonaws.com~1/aws_account';

function accountOf({ subject, claims = {} }: TrustFields): Fault[] {
  const account = typeof subject === 'string' ? subject.split(':')[4] : undefined;
  return claims[awsAccount] === account
    ? []
    : [{ path: `claims.${awsAccount}`, message: 'must be the account of the subject' }];
}

/** National clouds have other hosts; the path always contains the tenant id. */
function tenantIssuer({ issuer, claims = {} }: TrustFields): Fault[] {
  const path = /^https:\/\/[^/]+\/([0-9a-f-]{36})(?:\/v2\.0|\/)$/.exec(issuer);
  return path?.[1] === claims.tid
    ? []
    : [
        {
          path: 'issuer',
          message:
            'must be that of the tenant: https://login.microsoftonline.com/TID/v2.0 or https://sts.windows.net/TID/',
        },
      ];
}
