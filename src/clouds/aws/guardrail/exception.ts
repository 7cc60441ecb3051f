/**
 * The smallest exception: a Deny of tokens excepts the one subject, a Deny of the set-up the one provider or role, and a list of
 * allowed actions gets a statement for them.
 */
import type { SetupFacts } from '../../contract/index.ts';
import { isJsonObject, type JsonObject } from '../../lint.ts';
import type { AwsTarget } from '../target.ts';
import { providerName } from '../trust.ts';
import { textsOf } from './policy.ts';
import type { Refused } from './refusals.ts';

interface Purpose {
  readonly target: AwsTarget;
  readonly facts: SetupFacts;
  readonly isRcp: boolean;
}

/** Undefined if a statement names resources that an exception would have to leave out. */
export function exceptionOf(policy: JsonObject, refused: readonly Refused[], purpose: Purpose): unknown {
  let statements: readonly JsonObject[] = [policy.Statement].flat().filter(isJsonObject);
  for (const { statement, attempt } of refused) {
    if (statement === undefined) {
      statements = [...statements, { Effect: 'Allow', Action: attempt.action, Resource: attempt.patterns }];
      continue;
    }
    const current = statements[statement.index] as JsonObject;
    const changed = purpose.isRcp
      ? exceptSubject(current, purpose.facts)
      : exceptResources(current, attempt.patterns);
    if (!changed) return undefined;
    statements = statements.with(statement.index, changed);
  }
  return { ...policy, Statement: statements };
}

/** All conditions must hold for a Deny, so one that is false for this subject is enough. */
function exceptSubject(statement: JsonObject, { issuer, subject }: SetupFacts): JsonObject {
  const condition = isJsonObject(statement.Condition) ? statement.Condition : {};
  const operator = isJsonObject(condition.StringNotEquals) ? condition.StringNotEquals : {};
  const key = `${providerName(issuer)}:sub`;
  const before = textsOf(operator[key] ?? []) ?? [];
  const values = [...new Set([...before, subject])];
  return {
    ...statement,
    Condition: {
      ...condition,
      StringNotEquals: { ...operator, [key]: values.length === 1 ? subject : values },
    },
  };
}

function exceptResources(statement: JsonObject, patterns: readonly string[]): JsonObject | undefined {
  const { Resource, NotResource, ...rest } = statement;
  if (Resource !== undefined && !textsOf(Resource)?.includes('*')) return undefined;
  return { ...rest, NotResource: [...new Set([...(textsOf(NotResource ?? []) ?? []), ...patterns])] };
}
