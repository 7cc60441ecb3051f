/** A service perimeter: calls from outside that use a restricted service need an ingress rule. */
import type { SetupFacts } from '../../contract/index.ts';
import { type GuardrailRefusal, type GuardrailResult, guardrailResult } from '../../guardrail.ts';
import { isJsonObject, type JsonObject, stringsIn } from '../../lint.ts';
import { memberName } from '../names.ts';
import type { GcpTarget } from '../target.ts';

interface Call {
  readonly step: string;
  readonly service: string;
  readonly method: string;
  /** Undefined for a call without credentials. */
  readonly principal: string | undefined;
}

export function lintPerimeter(
  target: GcpTarget,
  facts: SetupFacts,
  document: JsonObject,
  status: JsonObject,
): GuardrailResult {
  const project = `projects/${target.project_number}`;
  const calls: readonly Call[] = [
    { step: 'exchange a token', service: 'sts.googleapis.com', method: '*', principal: undefined },
    ...(target.service_account
      ? [
          {
            step: 'impersonate the service account',
            service: 'iamcredentials.googleapis.com',
            method: 'google.iam.credentials.v1.IAMCredentials.GenerateAccessToken',
            principal: memberName(target, facts.subject),
          },
        ]
      : []),
  ];
  const isInside =
    document.perimeterType !== 'PERIMETER_TYPE_BRIDGE' && stringsIn(status.resources ?? []).includes(project);
  const restricted = stringsIn(status.restrictedServices ?? []);
  const refused = calls.filter(
    (call) =>
      isInside &&
      restricted.includes(call.service) &&
      !objectsIn(status.ingressPolicies).some((rule) => admits(rule, call, project)),
  );
  const levels = stringsIn(status.accessLevels ?? []);
  return guardrailResult('gcp-service-perimeter', {
    refusals: refused.map(
      ({ step, service }): GuardrailRefusal => ({
        step,
        rule: String(document.title ?? document.name),
        path: 'status.restrictedServices',
        detail: `It restricts ${service} in ${project}, and no ingress rule admits the call.`,
      }),
    ),
    notes:
      refused.length > 0 && levels.length > 0
        ? [`Unless one of these access levels admits the address of the server: ${levels.join(', ')}.`]
        : [],
    unread: false,
    exception: {
      ...document,
      status: {
        ...status,
        ingressPolicies: [
          ...objectsIn(status.ingressPolicies),
          ...refused.map((call) => ingressRule(call, project)),
        ],
      },
    },
    reverse: {
      ...document,
      status: {
        resources: [project],
        restrictedServices: ['sts.googleapis.com', 'iamcredentials.googleapis.com'],
        ingressPolicies: calls.map((call) => ingressRule(call, project)),
      },
    },
  });
}

/** Only sources without a restriction: whether an access level admits the server is not known here. */
function admits({ ingressFrom, ingressTo }: JsonObject, call: Call, project: string): boolean {
  if (!isJsonObject(ingressFrom) || !isJsonObject(ingressTo)) return false;
  const isAnyone = ingressFrom.identityType === 'ANY_IDENTITY';
  const isNamed =
    call.principal !== undefined && stringsIn(ingressFrom.identities ?? []).includes(call.principal);
  return (
    (isAnyone || isNamed) &&
    objectsIn(ingressFrom.sources).some(({ accessLevel }) => accessLevel === '*') &&
    stringsIn(ingressTo.resources ?? []).some((resource) => resource === '*' || resource === project) &&
    objectsIn(ingressTo.operations).some((operation) => includes(operation, call))
  );
}

const includes = ({ serviceName, methodSelectors }: JsonObject, { service, method }: Call): boolean =>
  serviceName === '*' ||
  (serviceName === service &&
    objectsIn(methodSelectors).some((selector) => selector.method === '*' || selector.method === method));

const ingressRule = ({ service, method, principal }: Call, project: string) => ({
  ingressFrom: {
    ...(principal === undefined ? { identityType: 'ANY_IDENTITY' } : { identities: [principal] }),
    sources: [{ accessLevel: '*' }],
  },
  ingressTo: {
    resources: [project],
    operations: [{ serviceName: service, methodSelectors: [{ method }] }],
  },
});

const objectsIn = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];
