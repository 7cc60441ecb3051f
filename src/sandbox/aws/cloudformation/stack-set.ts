/** A stack set, and the operations that change its stacks. */
import { randomUUID } from 'node:crypto';
import { faultOf, validationError } from '../fault.ts';
import { optionalInteger, optionalText, type Params, read, texts } from '../query.ts';
import type { Stack, StackInput } from './stack.ts';

/** One template for the accounts of an organization. */
export interface StackSet {
  readonly name: string;
  readonly id: string;
  input: StackInput;
  instances: readonly StackInstance[];
  /** Newest first. */
  readonly operations: Operation[];
}

export interface StackInstance extends Target {
  /** Undefined if the operation was stopped before this account. */
  stack: Stack | undefined;
  detailedStatus: 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  reason: string | undefined;
}

export interface Target {
  readonly account: string;
  readonly region: string;
}

export interface Operation {
  readonly id: string;
  readonly action: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly at: number;
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly results: readonly Result[];
}

interface Result extends Target {
  readonly status: StackInstance['detailedStatus'];
  readonly reason: string | undefined;
}

export interface Preferences {
  readonly id: string;
  readonly regionOrder: readonly string[];
  /** How many stacks of one region may fail, of so many. */
  tolerance(accounts: number): number;
}

export function readPreferences(params: Params): Preferences {
  const input = read(params, {
    OperationId: optionalText({ min: 1, max: 128 }),
    'OperationPreferences.RegionOrder': texts(),
    'OperationPreferences.FailureToleranceCount': optionalInteger({ min: 0, max: 999_999_999 }),
    'OperationPreferences.FailureTolerancePercentage': optionalInteger({ min: 0, max: 100 }),
  });
  const count = input['OperationPreferences.FailureToleranceCount'];
  const percentage = input['OperationPreferences.FailureTolerancePercentage'];
  if (count !== undefined && percentage !== undefined)
    throw validationError('Cannot specify both FailureToleranceCount and FailureTolerancePercentage');
  return {
    id: input.OperationId ?? randomUUID(),
    regionOrder: input['OperationPreferences.RegionOrder'],
    tolerance: (accounts) => count ?? Math.floor((accounts * (percentage ?? 0)) / 100),
  };
}

/**
 * Region by region, and account by account: StackSetOperationPreferences, "strict" concurrency. More failures in a
 * region than tolerated stop the operation; whatever is left is cancelled.
 * @param act changes the stack of the target, and returns why it failed, if it did
 */
export async function runOperation(
  set: StackSet,
  { action, at, targets }: Pick<Operation, 'action' | 'at'> & { readonly targets: readonly Target[] },
  { id, regionOrder, tolerance }: Preferences,
  act: (target: Target) => Promise<string | undefined>,
): Promise<Operation> {
  const named = [...new Set(targets.map(({ region }) => region))];
  const regions = [...regionOrder.filter((region) => named.includes(region)), ...named];
  const results: Result[] = [];
  let isStopped = false;
  for (const region of new Set(regions)) {
    const here = targets.filter((target) => target.region === region);
    let failures = 0;
    for (const { account } of here) {
      const target = { account, region };
      isStopped ||= failures > tolerance(here.length);
      const reason = isStopped ? cancelled : await reasonOf(() => act(target));
      if (reason !== undefined) failures += 1;
      results.push({
        ...target,
        status: isStopped ? 'CANCELLED' : reason === undefined ? 'SUCCEEDED' : 'FAILED',
        reason,
      });
    }
    isStopped ||= failures > tolerance(here.length);
  }
  const operation: Operation = { id, action, at, status: isStopped ? 'FAILED' : 'SUCCEEDED', results };
  set.operations.unshift(operation);
  return operation;
}

const cancelled = 'Cancelled since failure tolerance has exceeded';

/** What CloudFormation rejects before it starts is a failure of that stack. */
async function reasonOf(act: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await act();
  } catch (error) {
    const known = faultOf(error);
    if (!known) throw error;
    return known.message;
  }
}
