/** The values that STS has for a caller when it evaluates a trust policy: the request with a token of our issuer. */
import type { SetupFacts } from '../../contract/index.ts';
import type { AwsTarget } from '../target.ts';
import { providerArn, providerName } from '../trust.ts';
import type { TrustDocument } from './document.ts';
import { addressMatches, type RequestContext } from './operators.ts';

export interface Caller {
  /** The ARN of the OIDC provider in the account of the role. */
  readonly provider: string;
  /** What the trust policy must allow: session tags and a source identity need their own permission. */
  readonly actions: readonly string[];
  readonly context: RequestContext;
}

export const assumeRole = 'sts:AssumeRoleWithWebIdentity';

/** Keys of a private issuer; AWS maps other claims only for issuers that it lists. */
export const issuerKeys = ['aud', 'oaud', 'sub', 'amr', 'email'];

/** Keys that every request carries but whose value cannot be predicted. */
export const unknownKeys = new Set([
  'aws:useragent',
  'aws:referer',
  'aws:viaawsservice',
  'aws:principalisawsservice',
]);

export const addressKeys = new Set(['aws:sourceip', 'aws:vpcsourceip', 'aws:sourcevpc', 'aws:sourcevpce']);

export const timeKeys = new Set(['aws:currenttime', 'aws:epochtime']);

export interface LintInput {
  readonly target: AwsTarget;
  readonly facts: SetupFacts;
  readonly document: TrustDocument;
  /** Tags of the role, if the document shows them. */
  readonly roleTags: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Until the role is known, any account may be its own. */
export const providerOf = ({ target, facts }: Pick<LintInput, 'target' | 'facts'>): string | undefined =>
  target.role_arn === undefined ? undefined : providerArn(target.role_arn, facts.issuer);

/** The end of the ARN of our provider in any account. */
export const providerEnding = ({ issuer }: SetupFacts): string => `:oidc-provider/${providerName(issuer)}`;

/** Our own request. The address is one that the document does not name: the server's is not known here. */
export function ownCaller(input: LintInput): Caller {
  const { target, facts, document, roleTags, now } = input;
  const provider =
    providerOf(input) ??
    document.statements
      .flatMap(({ principals }) => principals.map(({ value }) => value))
      .find((value) => value.endsWith(providerEnding(facts))) ??
    `arn:aws:iam::000000000000${providerEnding(facts)}`;
  const tags = Object.entries(target.session_tags ?? {});
  const name = providerName(facts.issuer);
  const entries: [string, readonly string[]][] = [
    [`${name}:sub`, [facts.subject]],
    [`${name}:aud`, [facts.audience]],
    [`${name}:oaud`, [facts.audience]],
    ['sts:RoleSessionName', [`${facts.connection.id}-${exampleJti}`.slice(0, 64)]],
    ['sts:RoleAuthorizedByIdp', [String(target.role_arn !== undefined)]],
    ['aws:PrincipalAccount', [provider.split(':')[4] ?? '']],
    ['aws:PrincipalType', ['User']],
    ['aws:userid', [provider]],
    ['aws:SecureTransport', ['true']],
    ['aws:CurrentTime', [new Date(now).toISOString()]],
    ['aws:EpochTime', [String(Math.floor(now / 1000))]],
    ['aws:SourceIp', [unnamedAddress(document)]],
    ...(target.region ? [['aws:RequestedRegion', [target.region]] as [string, string[]]] : []),
    ...(target.source_identity
      ? [['sts:SourceIdentity', [target.source_identity]] as [string, string[]]]
      : []),
    ...(tags.length > 0 ? [['aws:TagKeys', tags.map(([key]) => key)] as [string, string[]]] : []),
    ...tags.map(([key, value]): [string, string[]] => [`aws:RequestTag/${key}`, [value]]),
    ...[...roleTags].map(([key, value]): [string, string[]] => [`aws:ResourceTag/${key}`, [value]]),
  ];
  return {
    provider,
    actions: [
      assumeRole,
      ...(tags.length > 0 ? ['sts:TagSession'] : []),
      ...(target.source_identity ? ['sts:SetSourceIdentity'] : []),
    ],
    context: new Map(entries.map(([key, values]) => [key.toLowerCase(), values])),
  };
}

/** The session name ends with the jti of the token, which is random. */
const exampleJti = '0'.repeat(22);

/** A public address outside of all networks that the document names, unless these are all addresses. */
function unnamedAddress({ statements }: TrustDocument): string {
  const networks = statements
    .flatMap(({ conditions }) => conditions)
    .filter(({ key }) => addressKeys.has(key.toLowerCase()))
    .flatMap(({ values }) => values)
    .filter((network) => !network.endsWith('/0'));
  const candidates = Array.from({ length: 220 }, (_, index) => `${index + 1}.77.19.5`);
  return (
    candidates.find((address) => !networks.some((network) => addressMatches(network, address))) ??
    (candidates[0] as string)
  );
}
