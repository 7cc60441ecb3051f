/**
 * Rules of the organization above a project: the constraint `iam.workloadIdentityPoolProviders`, and VPC Service Controls. An
 * access level of a perimeter admits nobody here, because the sandbox knows no addresses.
 */
import { isObject } from '../jws.ts';
import type { CloudState } from './cloud-state.ts';
import { type Refusal, refuse } from './responses.ts';

type Json = Readonly<Record<string, unknown>>;

const constraint = 'iam.workloadIdentityPoolProviders';

/** Why no provider for this issuer may be created; undefined if the policies let it pass. */
export function providerRefusal(state: CloudState, pool: string, issuer: string): Refusal | undefined {
  const forbids = state.guardrails.of(projectOf(pool)).some((policy) => forbidsIssuer(policy, issuer));
  if (!forbids) return undefined;
  return refuse('FAILED_PRECONDITION', 'Precondition check failed.', [
    {
      '@type': 'type.googleapis.com/google.rpc.PreconditionFailure',
      violations: [
        {
          type: `constraints/${constraint}`,
          subject: `orgpolicy:${pool}`,
          description: `Org Policy violated for value: '${issuer}'.`,
        },
      ],
    },
  ]);
}

/** Why a call from outside of the perimeters does not reach a service; undefined if they let it pass. */
export function perimeterRefusal(
  state: CloudState,
  project: string,
  call: { readonly service: string; readonly method: string; readonly principals: readonly string[] },
): Refusal | undefined {
  const resource = `projects/${project}`;
  const keepsOut = state.guardrails.of(project).some(({ status, perimeterType }) => {
    if (!isObject(status) || perimeterType === 'PERIMETER_TYPE_BRIDGE') return false;
    if (!texts(status.resources).includes(resource)) return false;
    if (!texts(status.restrictedServices).includes(call.service)) return false;
    return !list(status.ingressPolicies).some(({ ingressFrom: from, ingressTo: to }) => {
      if (!isObject(from) || !isObject(to)) return false;
      const who =
        from.identityType === 'ANY_IDENTITY' ||
        texts(from.identities).some((identity) => call.principals.includes(identity));
      const where = list(from.sources).some((source) => source.accessLevel === '*');
      const what = list(to.operations).some(
        (operation) =>
          operation.serviceName === '*' ||
          (operation.serviceName === call.service &&
            list(operation.methodSelectors).some(({ method }) => method === '*' || method === call.method)),
      );
      const on = texts(to.resources).some((name) => name === '*' || name === resource);
      return who && where && what && on;
    });
  });
  if (!keepsOut) return undefined;
  return refuse(
    'PERMISSION_DENIED',
    "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: sandbox",
  );
}

export const projectOf = (resource: string): string => resource.split('/')[1] ?? '';

/** Of a policy of version 2 (`spec.rules`) or 1 (`listPolicy`). Rules with a condition need tags, which the sandbox has not. */
function forbidsIssuer(policy: Json, issuer: string): boolean {
  if (![policy.name, policy.constraint].some((name) => String(name).endsWith(`/${constraint}`))) return false;
  if (isObject(policy.listPolicy)) {
    const { allValues } = policy.listPolicy;
    return allValues === 'DENY' || (allValues !== 'ALLOW' && excludes(policy.listPolicy, issuer));
  }
  const rules = isObject(policy.spec) ? list(policy.spec.rules) : [];
  return rules.some((rule) => {
    if (rule.condition !== undefined || rule.allowAll === true) return false;
    return rule.denyAll === true || (isObject(rule.values) && excludes(rule.values, issuer));
  });
}

function excludes({ allowedValues, deniedValues }: Json, issuer: string): boolean {
  const lists = (values: unknown) => texts(values).some((value) => [issuer, `is:${issuer}`].includes(value));
  return lists(deniedValues) || (allowedValues !== undefined && !lists(allowedValues));
}

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
