/**
 * AWS through its Query APIs: IAM, STS and CloudFormation under `/aws`, and S3 under `/aws/s3`. Owns: accounts,
 * sessions, authentication of calls and dispatch of actions. Does not own: what the actions do (iam, sts,
 * cloudformation, s3) and trust decisions (policy).
 */
import type { SandboxCloud, SandboxRequest, SandboxResponse, SandboxRuntime } from '../contract.ts';
import { createGuardrails } from '../guardrails.ts';
import { createIssuerCache } from '../issuer-cache.ts';
import { createAccounts, partitionOf } from './accounts.ts';
import { authenticate } from './authenticate.ts';
import { cloudFormation } from './cloudformation/index.ts';
import { accessDenied, fault, faultOf } from './fault.ts';
import { iam } from './iam/index.ts';
import type { Params } from './query.ts';
import { s3 } from './s3/index.ts';
import type { Call, CloudState, Service } from './service.ts';
import { createSessions } from './sessions.ts';
import { sts } from './sts/index.ts';
import { failure, success, type XmlValue } from './xml.ts';

const services: readonly Service[] = [iam, sts, cloudFormation];

/**
 * clouds.md 1.2: a `no-cache` key set is fetched again for every call; others were reported to be some minutes stale.
 */
const keepSeconds = (cacheControl: string): number =>
  /no-cache|no-store|max-age=0\b/i.test(cacheControl) ? 0 : 300;

export function awsCloud(runtime: SandboxRuntime): SandboxCloud {
  const guardrails = createGuardrails();
  const state: CloudState = {
    runtime,
    accounts: createAccounts(guardrails),
    sessions: createSessions(),
    buckets: new Map(),
    issuers: createIssuerCache(runtime, keepSeconds),
  };

  return {
    name: 'aws',
    guardrails,
    handle: async (request) => s3(request, state) ?? handle(state, request),
    faultResponse(status, request) {
      const code = status < 500 ? 'Throttling' : status === 503 ? 'ServiceUnavailable' : 'InternalFailure';
      const message = status < 500 ? 'Rate exceeded' : 'The request processing has failed.';
      return failure(serviceOf(paramsOf(request)).namespace, { code, message, status });
    },
    reset() {
      guardrails.set([]);
      state.accounts.reset();
      state.sessions.reset();
      state.buckets.clear();
      state.issuers.reset();
    },
  };
}

async function handle(state: CloudState, request: SandboxRequest): Promise<SandboxResponse> {
  const params = paramsOf(request);
  const service = serviceOf(params);
  const action = params.get('Action') ?? '';
  const operation = `${service.name}:${isKnown(service, action) ? action : 'unknown'}`;
  const record = (outcome: string) =>
    state.runtime.record({ cloud: 'aws', operation, outcome, detail: detailOf(params) });
  try {
    const result = await run(service, action, { ...state, params, request });
    record('ok');
    return success(service.namespace, action, result);
  } catch (error) {
    const known = faultOf(error);
    if (!known) throw error;
    record(known.code);
    return failure(service.namespace, known);
  }
}

function run(service: Service, action: string, call: Call): XmlValue | Promise<XmlValue> {
  const { params, request, sessions, runtime } = call;
  const unsigned = own(service.unsigned, action);
  const forAnyPrincipal = own(service.forAnyPrincipal, action);
  const forOwner = own(service.actions, action);
  if (params.get('Version') !== service.version || !(unsigned ?? forAnyPrincipal ?? forOwner))
    throw fault(
      'InvalidAction',
      `Could not find operation ${action} for version ${params.get('Version') ?? 'NO_VERSION_SPECIFIED'}`,
    );
  if (unsigned) return unsigned(call);
  const principal = authenticate(request, sessions, runtime.now());
  if (forAnyPrincipal) return forAnyPrincipal(call, principal);
  // The permissions of a role inside its account are the customer's business and are not modelled.
  if (!forOwner || principal.kind === 'session')
    throw accessDenied(
      `User: ${principal.kind === 'session' ? principal.session.arn : ''} is not authorized to perform: ${service.name}:${action} because no identity-based policy allows the ${service.name}:${action} action`,
    );
  const { accountId, region } = principal;
  return forOwner({ ...call, region, account: call.accounts.open(partitionOf(region), accountId) });
}

/** The log contains no unknown action name, which could be a misplaced secret. */
const isKnown = ({ actions, forAnyPrincipal = {}, unsigned = {} }: Service, action: string): boolean =>
  Object.keys({ ...actions, ...forAnyPrincipal, ...unsigned }).includes(action);

/** `Action` is untrusted input and must not reach the prototype. */
const own = <T>(actions: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  actions && Object.hasOwn(actions, name) ? actions[name] : undefined;

function paramsOf({ method, query, body }: SandboxRequest): Params {
  return new Map(method === 'POST' ? [...query, ...new URLSearchParams(body.toString())] : [...query]);
}

/** All three services share one URL here, so `Version` selects the service. */
const serviceOf = (params: Params): Service =>
  services.find(({ version }) => version === params.get('Version')) ?? sts;

/** Parameters that name or limit things and cannot contain a secret. */
const loggedParameters =
  /^(RoleArn|RoleName|RoleSessionName|Url|OpenIDConnectProviderArn|StackName|DurationSeconds|Policy|PolicyArns\.member\.\d{1,2}\.arn)$/;

const detailOf = (params: Params): Record<string, unknown> =>
  Object.fromEntries([...params].filter(([name]) => loggedParameters.test(name)));
