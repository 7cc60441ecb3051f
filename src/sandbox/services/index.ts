/**
 * Services that trust an OIDC issuer: one strict stand-in for each dialect, driven by golden data. Owns: the trust that a test
 * sets with `PUT /NAME/trust`, and the answers. Does not own: the listener, the clock and the faults (sandbox/*.ts).
 */
import { randomBytes } from 'node:crypto';
import type { SandboxCloud, SandboxRequest, SandboxResponse, SandboxRuntime } from '../contract.ts';
import { createIssuerCache } from '../issuer-cache.ts';
import { answerOfApi } from './api.ts';
import type { Golden } from './dialect.ts';
import { evaluate, keepKeysSeconds, readTrust, type Trust } from './evaluate.ts';
import { goldenServices } from './golden.ts';
import { kafka } from './kafka.ts';
import { mongodb } from './mongodb.ts';
import { portService } from './ports.ts';

export const services = [
  ...goldenServices.map(
    (golden) =>
      (runtime: SandboxRuntime): SandboxCloud =>
        serviceOf(golden, runtime),
  ),
  ...[kafka, mongodb].map((protocol) => (runtime: SandboxRuntime) => portService(protocol, runtime)),
];

function serviceOf(golden: Golden, runtime: SandboxRuntime): SandboxCloud {
  const issuers = createIssuerCache(runtime, () => keepKeysSeconds);
  let trust: Trust | undefined;
  let used = new Set<string>();
  const sessions = new Set<string>();
  const { name, type, claim, singleUse, checksSubject } = golden;
  const answer = (status: number, body: string): SandboxResponse => ({
    status,
    headers: { 'content-type': type },
    body,
  });

  async function call(request: SandboxRequest): Promise<SandboxResponse> {
    const body = bodyOf(golden, request);
    const outcome = await decide(body, request);
    runtime.record({ cloud: name, operation: 'token', outcome });
    if (outcome !== 'ok') return answer(...golden.refuse(outcome));
    const secret = randomBytes(18).toString('base64url');
    sessions.add(secret);
    return answer(200, golden.issue({ secret, now: runtime.now(), body: body ?? {}, path: request.path }));
  }

  async function decide(body: Body | undefined, request: SandboxRequest) {
    const token = body && tokenIn(golden, request, body);
    if (!body || !trust || !token || !isExpected(golden, request, body)) return 'request';
    const { parameters } = trust;
    const differs = golden.parameters?.some((parameter) => parameters[parameter] !== body[parameter]);
    if (differs) return 'parameter';
    return evaluate(token, trust, {
      runtime,
      issuers,
      claim,
      used: singleUse ? used : undefined,
      checksSubject,
    });
  }

  function signOutOf({ method, path, query, headers }: SandboxRequest): SandboxResponse | undefined {
    const { signOut } = golden;
    if (!signOut || method !== 'POST' || path !== signOut.path || query.toString() !== signOut.query)
      return undefined;
    const session = [...sessions].find((secret) => headers.authorization === signOut.header(secret));
    runtime.record({ cloud: name, operation: 'sign_out', outcome: session ? 'ok' : 'unknown' });
    if (session) sessions.delete(session);
    return answer(session ? 200 : 401, session ? signOut.answer : '');
  }

  return {
    name,
    async handle(request) {
      if (request.method === 'PUT' && request.path === '/trust') {
        trust = readTrust(request.body);
        return { status: 204, headers: {}, body: '' };
      }
      const ended = signOutOf(request);
      if (ended) return ended;
      // Anthropic's credentials have a prefix.
      const opened = answerOfApi(name, request, (secret) =>
        sessions.has(secret.replace('sk-ant-oat01-', '')),
      );
      if (opened) return answer(...opened);
      if (request.method !== golden.method || !golden.path.test(request.path)) return answer(404, '');
      return call(request);
    },
    faultResponse: (status) => answer(status, ''),
    reset() {
      trust = undefined;
      used = new Set();
      sessions.clear();
      issuers.reset();
    },
  };
}

type Body = Readonly<Record<string, string>>;

/** Undefined if the body is not of the expected type, or has a member twice or of another type than text. */
function bodyOf({ token, optional = [] }: Golden, { headers, body }: SandboxRequest): Body | undefined {
  const text = body.toString();
  if (token.in === 'bearer') return text === '' ? {} : undefined;
  const types = { form: 'application/x-www-form-urlencoded', json: 'application/json' };
  if (headers['content-type'] !== types[token.in]) return undefined;
  const all = token.in === 'form' ? [...new URLSearchParams(text)] : membersOf(text, token.within);
  // Drivers describe themselves in objects.
  const members = all.filter(([member, value]) => typeof value === 'string' || !optional.includes(member));
  const isText = members.every(([, value]) => typeof value === 'string');
  const names = new Set(members.map(([member]) => member));
  return isText && names.size === members.length ? Object.fromEntries(members) : undefined;
}

function membersOf(text: string, within?: string): readonly (readonly [string, string])[] {
  try {
    const body = JSON.parse(text) as Record<string, string>;
    if (within === undefined) return Object.entries(body);
    const { [within]: inner = {}, ...others } = body;
    return Object.entries({ ...others, ...(inner as Record<string, string>) });
  } catch {
    return [];
  }
}

const tokenIn = ({ token }: Golden, { headers }: SandboxRequest, body: Body): string | undefined =>
  token.in === 'bearer' ? /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] : body[token.parameter];

/** Strict: an unknown member of the body or query is refused. */
function isExpected(golden: Golden, { headers, query }: SandboxRequest, body: Body): boolean {
  const {
    token,
    fixed = {},
    query: wanted = {},
    headers: wantedHeaders = {},
    parameters = [],
    optional = [],
  } = golden;
  const known = new Set([
    ...(token.in === 'bearer' ? [] : [token.parameter]),
    ...Object.keys(fixed),
    ...parameters,
    ...optional,
  ]);
  return (
    Object.keys(body).every((member) => known.has(member)) &&
    Object.entries(fixed).every(([member, value]) => body[member] === value) &&
    Object.entries(wantedHeaders).every(([header, value]) => headers[header] === value) &&
    [...query.keys()].every((parameter) => Object.hasOwn(wanted, parameter)) &&
    Object.entries(wanted).every(([parameter, value]) => {
      const sent = query.get(parameter) ?? '';
      return typeof value === 'string' ? sent === value : value.test(sent);
    })
  );
}
