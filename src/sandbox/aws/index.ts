/**
 * AWS as its Query APIs show it, IAM, STS and CloudFormation under `/aws`, and S3 under `/aws/s3`.
 * Owns: accounts, the sessions given out, who signed a call, and which action it asks for.
 * Does not own: what the actions do (iam, sts, cloudformation, s3) and who is trusted (policy).
 */
import type { SandboxAnswer, SandboxCloud, SandboxRequest, SandboxWorld } from '../contract.ts';
import { createIssuerCache } from '../issuer-cache.ts';
import { createAccounts, partitionOf } from './accounts.ts';
import { authenticate } from './authenticate.ts';
import { cloudFormation } from './cloudformation/index.ts';
import { accessDenied, fault, faultOf } from './fault.ts';
import { iam } from './iam/index.ts';
import type { Params } from './query.ts';
import { s3 } from './s3/index.ts';
import type { Call, Estate, Service } from './service.ts';
import { createSessions } from './sessions.ts';
import { sts } from './sts/index.ts';
import { failure, success, type XmlValue } from './xml.ts';

const services: readonly Service[] = [iam, sts, cloudFormation];

/** clouds.md 1.2: `no-cache` is refetched for every call; other sets were reported some minutes stale. */
const keepSeconds = (cacheControl: string): number =>
  /no-cache|no-store|max-age=0\b/i.test(cacheControl) ? 0 : 300;

export function awsCloud(world: SandboxWorld): SandboxCloud {
  const estate: Estate = {
    world,
    accounts: createAccounts(),
    sessions: createSessions(),
    buckets: new Map(),
    issuers: createIssuerCache(world, keepSeconds),
  };

  return {
    name: 'aws',
    handle: async (request) => s3(request, estate) ?? handle(estate, request),
    outOfOrder(status, request) {
      const code = status < 500 ? 'Throttling' : status === 503 ? 'ServiceUnavailable' : 'InternalFailure';
      const message = status < 500 ? 'Rate exceeded' : 'The request processing has failed.';
      return failure(serviceOf(paramsOf(request)).namespace, { code, message, status });
    },
    reset() {
      estate.accounts.reset();
      estate.sessions.reset();
      estate.buckets.clear();
      estate.issuers.reset();
    },
  };
}

async function handle(estate: Estate, request: SandboxRequest): Promise<SandboxAnswer> {
  const params = paramsOf(request);
  const service = serviceOf(params);
  const action = params.get('Action') ?? '';
  const operation = `${service.name}:${isKnown(service, action) ? action : 'unknown'}`;
  const note = (outcome: string) =>
    estate.world.note({ cloud: 'aws', operation, outcome, detail: detailOf(params) });
  try {
    const result = await run(service, action, { ...estate, params, request });
    note('ok');
    return success(service.namespace, action, result);
  } catch (error) {
    const known = faultOf(error);
    if (!known) throw error;
    note(known.code);
    return failure(service.namespace, known);
  }
}

function run(service: Service, action: string, call: Call): XmlValue | Promise<XmlValue> {
  const { params, request, sessions, world } = call;
  const unsigned = own(service.unsigned, action);
  const forAnyCaller = own(service.forAnyCaller, action);
  const forOwner = own(service.actions, action);
  if (params.get('Version') !== service.version || !(unsigned ?? forAnyCaller ?? forOwner))
    throw fault(
      'InvalidAction',
      `Could not find operation ${action} for version ${params.get('Version') ?? 'NO_VERSION_SPECIFIED'}`,
    );
  if (unsigned) return unsigned(call);
  const caller = authenticate(request, sessions, world.now());
  if (forAnyCaller) return forAnyCaller(call, caller);
  // What a role may do inside its account is the customer's business and not modelled.
  if (!forOwner || caller.kind === 'session')
    throw accessDenied(
      `User: ${caller.kind === 'session' ? caller.session.arn : ''} is not authorized to perform: ${service.name}:${action} because no identity-based policy allows the ${service.name}:${action} action`,
    );
  const { accountId, region } = caller;
  return forOwner({ ...call, region, account: call.accounts.open(partitionOf(region), accountId) });
}

/** The log repeats nothing that could be a misplaced secret. */
const isKnown = ({ actions, forAnyCaller = {}, unsigned = {} }: Service, action: string): boolean =>
  Object.keys({ ...actions, ...forAnyCaller, ...unsigned }).includes(action);

/** `Action` comes from outside and must not reach the prototype. */
const own = <T>(actions: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  actions && Object.hasOwn(actions, name) ? actions[name] : undefined;

function paramsOf({ method, query, body }: SandboxRequest): Params {
  return new Map(method === 'POST' ? [...query, ...new URLSearchParams(body.toString())] : [...query]);
}

/** One address serves all three here, so the version tells them apart. */
const serviceOf = (params: Params): Service =>
  services.find(({ version }) => version === params.get('Version')) ?? sts;

/** The few parameters that name or limit things and can hold no secret. */
const told =
  /^(RoleArn|RoleName|RoleSessionName|Url|OpenIDConnectProviderArn|StackName|DurationSeconds|Policy|PolicyArns\.member\.\d{1,2}\.arn)$/;

const detailOf = (params: Params): Record<string, unknown> =>
  Object.fromEntries([...params].filter(([name]) => told.test(name)));
