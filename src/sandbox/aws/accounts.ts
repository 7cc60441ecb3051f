/** The state of the customers' AWS accounts: accounts by partition, each with its IAM objects and stacks. */
import { randomBytes } from 'node:crypto';
import type { Guardrails } from '../guardrails.ts';
import type { LambdaFunction } from './cloudformation/run-function.ts';
import type { Stack } from './cloudformation/stack.ts';
import type { StackSet } from './cloudformation/stack-set.ts';
import type { Tag } from './query.ts';

export interface Provider {
  readonly arn: string;
  /** The required value of `iss`. */
  readonly issuer: string;
  /** The issuer without its scheme: the prefix of its condition keys. */
  readonly url: string;
  readonly createdAt: number;
  clientIds: readonly string[];
  thumbprints: readonly string[];
  tags: readonly Tag[];
  /** Time of the last change of trust; the rest of AWS sees it later (`propagation_seconds`). */
  changedAt: number;
}

export interface Role {
  readonly arn: string;
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly createdAt: number;
  permissionsBoundary: string | undefined;
  trustPolicy: string;
  description: string | undefined;
  /** Seconds. */
  maxSessionDuration: number;
  tags: readonly Tag[];
  changedAt: number;
  readonly inlinePolicies: Map<string, string>;
  readonly attachedPolicies: Set<string>;
}

export interface Account {
  readonly id: string;
  readonly partition: string;
  /** By ARN. */
  readonly providers: Map<string, Provider>;
  /** By name in lower case: role names must differ by more than case. */
  readonly roles: Map<string, Role>;
  /** Customer managed policies: documents by ARN. */
  readonly policies: Map<string, string>;
  readonly stacks: Stack[];
  readonly stackSets: StackSet[];
  /** By ARN. */
  readonly functions: Map<string, LambdaFunction>;
  /** Whether the role of an ARN, or of the ARN of a session, exists in any account. */
  readonly roleExists: (arn: string) => boolean;
  /** The policies of its organization that apply to it. */
  readonly organizationPolicies: () => readonly string[];
}

export interface Accounts {
  /** Creates the account on its first use. */
  open(partition: string, id: string): Account;
  reset(): void;
}

export function createAccounts(guardrails: Pick<Guardrails, 'of'>): Accounts {
  const accounts = new Map<string, Account>();
  const roleExists = (arn: string): boolean => {
    const [, partition, service, , id, resource = ''] = arn.split(':');
    const names = resource.split('/');
    const name = service === 'sts' ? names[1] : names.at(-1);
    const role = accounts.get(`${partition}:${id}`)?.roles.get(name?.toLowerCase() ?? '');
    return role !== undefined && (service === 'sts' ? role.name === name : role.arn === arn);
  };
  return {
    open(partition, id) {
      const key = `${partition}:${id}`;
      const account = accounts.get(key) ?? {
        id,
        partition,
        providers: new Map(),
        roles: new Map(),
        policies: new Map(),
        stacks: [],
        stackSets: [],
        functions: new Map(),
        roleExists,
        organizationPolicies: () => guardrails.of(id).map((document) => JSON.stringify(document)),
      };
      accounts.set(key, account);
      return account;
    },
    reset: () => accounts.clear(),
  };
}

/** Each partition has its own IAM; an ARN is valid in one partition only. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return region.startsWith('eusc-') ? 'aws-eusc' : 'aws';
}

/** `AROA…`, `ASIA…`: a prefix for the resource type, then random base 32 characters. */
export function uniqueId(prefix: string, length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return prefix + Array.from(randomBytes(length), (byte) => alphabet[byte % 32]).join('');
}

/** RFC 3339 without fractions, the format of most times in IAM and STS. */
export const seconds = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
