/**
 * Lint of Azure Policy: whether a definition denies the identity, the federated credential or a role assignment of a set-up.
 * Owns: the reading of rules, the exception and the reverse. Does not own: policies of Entra.
 */
import { invalidRequest, SojournError } from '../../../platform/errors/index.ts';
import type { SetupFacts } from '../../contract/index.ts';
import { type GuardrailResult, guardrailResult } from '../../guardrail.ts';
import { isJsonObject, type JsonObject } from '../../lint.ts';
import { evaluate, notRead } from './expression.ts';
import { environmentOf, exactCredential, isCredential, plannedResources } from './resources.ts';
import { applies } from './rule.ts';

/** @throws {SojournError} `invalid_request` for any other document. */
export function lintGuardrail(facts: SetupFacts, document: unknown): GuardrailResult {
  const outer = isJsonObject(document) ? document : {};
  const definition = isJsonObject(outer.definition) ? outer.definition : outer;
  const body = isJsonObject(definition.properties) ? definition.properties : definition;
  const { policyRule } = body;
  if (!isJsonObject(policyRule) || !isJsonObject(policyRule.then) || policyRule.if === undefined)
    throw invalidRequest([
      {
        path: 'document',
        message:
          'must be a policy definition (az policy definition show), or {"definition": …, "assignment": …} with the output of az policy assignment show',
      },
    ]);
  const parameter = parameterReader(body.parameters, outer.assignment);
  const planned = plannedResources(facts);
  const judged = planned.map((resource) => ({
    resource,
    verdict: effectOf(policyRule.then as JsonObject, parameter)
      ? applies(policyRule.if, environmentOf(resource, parameter))
      : false,
  }));
  const refused = judged.filter(({ verdict }) => verdict === true).map(({ resource }) => resource);
  const unread = judged.filter(({ verdict }) => verdict === undefined).map(({ resource }) => resource);
  const changedBody = {
    ...body,
    policyRule: {
      ...policyRule,
      if: {
        allOf: [
          ...refused.map(({ type, exact }) => ({
            not: { allOf: [{ field: 'type', equals: type }, ...exact] },
          })),
          policyRule.if,
        ],
      },
    },
  };
  const changed = definition.properties === body ? { ...definition, properties: changedBody } : changedBody;
  return guardrailResult('azure-policy-definition', {
    refusals: refused.map(({ step }) => ({
      step,
      rule: String(body.displayName ?? definition.name ?? 'policyRule'),
      path: 'policyRule.if',
      detail: 'The rule applies to this resource, and its effect is deny.',
    })),
    notes: [
      ...unread.map(({ step }) => `To ${step}: the rule depends on a part that is not understood.`),
      ...(refused.some(({ type }) => type.endsWith('/roleAssignments'))
        ? [
            'The exception names the role, because the principal does not exist yet. Add its principalId later, or exempt the resource group.',
          ]
        : []),
    ],
    unread: unread.length > 0,
    exception: definition === outer ? changed : { ...outer, definition: changed },
    reverse: {
      mode: 'All',
      policyRule: {
        if: { allOf: [isCredential, { not: { allOf: exactCredential(facts) } }] },
        // biome-ignore lint/suspicious/noThenProperty: the name is Azure Policy's
        then: { effect: 'deny' },
      },
    },
  });
}

/** The value of the assignment, or the default of the definition. Names have no case. */
function parameterReader(parameters: unknown, assignment: unknown) {
  const find = (values: unknown, name: string): unknown =>
    Object.entries(isJsonObject(values) ? values : {}).find(
      ([key]) => key.toLowerCase() === name.toLowerCase(),
    )?.[1];
  const assigned = isJsonObject(assignment)
    ? (isJsonObject(assignment.properties) ? assignment.properties : assignment).parameters
    : undefined;
  return (name: string): unknown => {
    const value = find(assigned, name);
    if (isJsonObject(value) && 'value' in value) return value.value;
    const declared = find(parameters, name);
    if (isJsonObject(declared) && 'defaultValue' in declared) return declared.defaultValue;
    throw notRead(name);
  };
}

/** Whether the effect stops a resource. One that is not known is taken for deny. */
function effectOf({ effect }: JsonObject, parameter: (name: string) => unknown): boolean {
  try {
    const name = evaluate(effect, { parameter, field: () => undefined });
    return String(name).toLowerCase() === 'deny';
  } catch (error) {
    if (error instanceof SojournError) return true;
    throw error;
  }
}
