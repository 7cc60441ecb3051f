/** The requests that a guardrail must let through: those of the set-up (SCP), and the exchange of a token (RCP). */
import type { SetupFacts } from '../../contract/index.ts';
import { accountIn, providerOwner } from '../existing-provider.ts';
import type { Condition, RequestContext } from '../lint/operators.ts';
import { ownCaller } from '../lint/request.ts';
import { stackName } from '../names.ts';
import { partitionFor } from '../partitions.ts';
import type { AwsTarget } from '../target.ts';
import { providerName } from '../trust.ts';

export interface Attempt {
  readonly step: string;
  readonly action: string;
  readonly resource: string;
  /** The resource in an exception; with wildcards while its name is not known. */
  readonly patterns: readonly string[];
  readonly context: RequestContext;
}

export interface AttemptInput {
  readonly target: AwsTarget;
  readonly facts: SetupFacts;
  readonly statements: readonly { readonly conditions: readonly Condition[] }[];
  readonly now: number;
}

/** Any account, while the role is not known. */
const someAccount = '000000000000';

export function setupAttempts({ target, facts, now }: AttemptInput): readonly Attempt[] {
  const account = accountIn(target) ?? someAccount;
  const partition = partitionFor(target);
  const iam = (owner: string, resource: string) => `arn:${partition}:iam::${owner}:${resource}`;
  const context: RequestContext = new Map([
    ['aws:principalaccount', [account]],
    ['aws:principalarn', [iam(account, 'role/administrator')]],
    ['aws:principaltype', ['AssumedRole']],
    ['aws:principalisawsservice', ['false']],
    ['aws:securetransport', ['true']],
    // IAM is global; its requests are signed for this region.
    ['aws:requestedregion', ['us-east-1']],
    ['aws:currenttime', [new Date(now).toISOString()]],
    ['aws:epochtime', [String(Math.floor(now / 1000))]],
  ]);
  const provider = `oidc-provider/${providerName(facts.issuer)}`;
  const { id } = facts.connection;
  const roles = target.role_arn
    ? [target.role_arn]
    : [`sojourn-${id}`, `${stackName(id)}-*`].map((name) => iam(account, `role/${name}`));
  const inAnyAccount = (arn: string) => arn.replace(`::${someAccount}:`, '::*:');
  return [
    ...(providerOwner(target, facts.established)
      ? []
      : [
          {
            step: 'create the OIDC provider',
            action: 'iam:CreateOpenIDConnectProvider',
            resource: iam(account, provider),
            patterns: [inAnyAccount(iam(account, provider))],
            context,
          },
        ]),
    {
      step: 'create the role',
      action: 'iam:CreateRole',
      resource: roles[0] as string,
      patterns: roles.map(inAnyAccount),
      context,
    },
  ];
}

export function tokenAttempts({ target, facts, statements, now }: AttemptInput): readonly Attempt[] {
  const document = {
    faults: [],
    statements: statements.map(({ conditions }) => ({
      ...{ path: '', fields: {}, effect: undefined, principals: [], actions: [], faults: [] },
      conditions,
    })),
  };
  const { actions, context } = ownCaller({ target, facts, document, roleTags: new Map(), now });
  const resource =
    target.role_arn ?? `arn:${partitionFor(target)}:iam::${someAccount}:role/sojourn-${facts.connection.id}`;
  return actions.map((action) => ({
    step: 'exchange a token',
    action,
    resource,
    patterns: [resource],
    context,
  }));
}
