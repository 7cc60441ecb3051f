/**
 * The kinds of workloads that are known by name: what their tokens look like, and which claims must be pinned, since
 * without them the trust would be open to strangers on the same issuer. Each names the page that its shape is from.
 */
import type { Fault } from '../../platform/errors/index.ts';
import type { Pattern } from './pattern.ts';
import { trustDomainOf } from './token.ts';

export const kindNames = ['kubernetes', 'github', 'gitlab', 'aws', 'gcp', 'azure', 'spiffe'] as const;
export type KindName = (typeof kindNames)[number];

type Claims = Readonly<Record<string, Pattern>>;

/** What is looked at here of a client's trust. */
interface Pinned {
  readonly issuer: string;
  readonly subject?: Pattern | undefined;
  readonly claims?: Claims | undefined;
}

export interface Kind {
  /** Where there is one for everybody. */
  readonly issuer?: string;
  /** The longest life of a token, in seconds. */
  readonly maxLife: number;
  /** Whether `aud` may be a list, of exactly one. */
  readonly audienceInList: boolean;
  /** The claim that names the workload, exactly: clients are found by it. */
  readonly anchor: string;
  /** How often one token, told by its jti, is taken: always, once, or once for each resource. */
  readonly taken: 'always' | 'once' | 'once_per_resource';
  /** Claims that follow from what is given. */
  readonly fill?: (pinned: Omit<Pinned, 'issuer'>) => Claims;
  readonly faults: (pinned: Pinned) => readonly Fault[];
}

const hour = 3_600;

/** What is known of an issuer that is not of a known kind. */
export const plain: Kind = {
  maxLife: 24 * hour,
  audienceInList: false,
  anchor: 'sub',
  taken: 'always',
  // No other claim will do: an issuer that serves many writes the same branch or stage for all of them.
  faults: ({ subject }) =>
    subject === undefined
      ? [{ path: 'subject', message: 'is missing; without it every workload of the issuer is admitted' }]
      : [],
};

export const kinds: Readonly<Record<KindName, Kind>> = {
  /**
   * kubernetes.io, "Managing Service Accounts" and KEP-1205: sub is system:serviceaccount:NAMESPACE:NAME, aud is always
   * a list, and the kubelet renews the file only after 80 % of its life, so that one token is used many times.
   */
  kubernetes: {
    maxLife: 24 * hour,
    audienceInList: true,
    anchor: 'sub',
    taken: 'always',
    faults: (pinned) =>
      subjectLike(
        pinned,
        /^system:serviceaccount:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?:[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
        'must be system:serviceaccount:NAMESPACE:NAME, exactly',
      ),
  },

  /**
   * docs.github.com, "OpenID Connect reference": names of repositories and owners change hands, their ids do not; sub
   * can be customized by the organization. A job asks for a token at any time, and each has its own jti.
   */
  github: {
    issuer: 'https://token.actions.githubusercontent.com',
    maxLife: 600,
    audienceInList: false,
    anchor: 'repository_id',
    taken: 'once',
    faults: (pinned) => [
      ...digits(pinned, 'repository_id'),
      ...digits(pinned, 'repository_owner_id'),
      ...oneOf(pinned, ['ref', 'environment']),
    ],
  },

  /**
   * docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens": made once, with the job, and valid until its
   * time is up. A branch and a tag can share a name, so ref comes with ref_type.
   */
  gitlab: {
    issuer: 'https://gitlab.com',
    maxLife: 24 * hour,
    audienceInList: false,
    anchor: 'project_id',
    // A job cannot fetch another: taken only once, it could not use two connections.
    taken: 'once_per_resource',
    faults: (pinned) => [
      ...digits(pinned, 'project_id'),
      ...oneOf(pinned, ['ref', 'environment']),
      ...(pinned.claims?.ref !== undefined ? oneOf(pinned, ['ref_type']) : []),
    ],
  },

  /**
   * docs.aws.amazon.com, IAM, "Understanding token claims" of outbound identity federation: each account has an issuer
   * of its own, sub is the ARN of the role, and GetWebIdentityToken makes a token per call, of an hour at most.
   */
  aws: {
    maxLife: hour,
    audienceInList: false,
    anchor: 'sub',
    taken: 'once',
    fill: ({ subject }) => {
      const account = typeof subject === 'string' ? subject.split(':')[4] : undefined;
      return account ? { [awsAccount]: account } : {};
    },
    faults: (pinned) => [
      ...subjectLike(
        pinned,
        /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
        'must be the ARN of a role, exactly',
      ),
      ...accountOf(pinned),
    ],
  },

  /**
   * cloud.google.com, "Verify VM identity", and developers.google.com, "OpenID Connect": sub is the number of the
   * service account, which is never used again; its e-mail address is. No jti.
   */
  gcp: {
    issuer: 'https://accounts.google.com',
    maxLife: hour + 60,
    audienceInList: false,
    anchor: 'sub',
    taken: 'always',
    fill: ({ claims }): Claims => (claims?.email === undefined ? {} : { email_verified: 'true' }),
    faults: (pinned) => [
      ...subjectLike(pinned, /^\d{10,30}$/, 'must be the unique id of the service account, in digits'),
      ...(pinned.claims?.email !== undefined && pinned.claims.email_verified !== 'true'
        ? [{ path: 'claims.email_verified', message: 'must be "true" where email is pinned' }]
        : []),
    ],
  },

  /**
   * learn.microsoft.com, "Access token claims reference" and "Managed identities for Azure resources": oid is the service
   * principal, tid its tenant. Tokens of managed identities are kept by the platform for 24 hours, and start 5 minutes early.
   */
  azure: {
    maxLife: 24 * hour + 600,
    audienceInList: false,
    anchor: 'oid',
    taken: 'always',
    faults: (pinned) => [...guid(pinned, 'tid'), ...guid(pinned, 'oid'), ...tenantIssuer(pinned)],
  },

  /** SPIFFE JWT-SVID sections 3 and 6.1: aud is one value or a list, exp is required, and an agent gives one SVID many times. */
  spiffe: {
    maxLife: 24 * hour,
    audienceInList: true,
    anchor: 'sub',
    taken: 'always',
    faults: (pinned) => {
      const { subject, issuer } = pinned;
      const faults = subjectLike(
        pinned,
        /^spiffe:\/\/[a-z0-9._-]{1,255}(\/[\w.-]+)+$/,
        'must be a SPIFFE ID with a path, exactly',
      );
      if (faults.length > 0 || (typeof subject === 'string' && trustDomainOf(subject) === issuer))
        return faults;
      return [{ path: 'issuer', message: 'must be the trust domain of the subject, as spiffe://DOMAIN' }];
    },
  },
};

export const kindOf = (preset: KindName | undefined): Kind => (preset === undefined ? plain : kinds[preset]);

function subjectLike({ subject }: Pinned, form: RegExp, message: string): Fault[] {
  return typeof subject === 'string' && form.test(subject) ? [] : [{ path: 'subject', message }];
}

function digits({ claims = {} }: Pinned, name: string): Fault[] {
  const value = claims[name];
  return typeof value === 'string' && /^\d+$/.test(value)
    ? []
    : [{ path: `claims.${name}`, message: 'must be the id in digits, exactly' }];
}

function guid({ claims = {} }: Pinned, name: string): Fault[] {
  const value = claims[name];
  return typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
    ? []
    : [{ path: `claims.${name}`, message: 'must be a GUID in lower case, exactly' }];
}

function oneOf({ claims = {} }: Pinned, names: readonly string[]): Fault[] {
  return names.some((name) => claims[name] !== undefined)
    ? []
    : [
        {
          path: `claims.${names[0]}`,
          message: `is missing${names[1] ? `; so is ${names[1]}, which would do` : ''}`,
        },
      ];
}

/** The claim is an object, and this is a JSON Pointer into it (RFC 6901). */
const awsAccount = '/https:~1~1sts.amazonaws.com~1/aws_account';

function accountOf({ subject, claims = {} }: Pinned): Fault[] {
  const account = typeof subject === 'string' ? subject.split(':')[4] : undefined;
  return claims[awsAccount] === account
    ? []
    : [{ path: `claims.${awsAccount}`, message: 'must be the account of the subject' }];
}

/** National clouds have hosts of their own; in all of them the path is the tenant's. */
function tenantIssuer({ issuer, claims = {} }: Pinned): Fault[] {
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
