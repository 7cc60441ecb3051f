/** sts.googleapis.com: exchanges the issuer's token for a federated access token. */
import type { SandboxRequest, SandboxResponse } from '../contract.ts';
import { mapClaims } from './attributes.ts';
import type { CloudState } from './cloud-state.ts';
import { perimeterRefusal, projectOf } from './guardrails.ts';
import { json, refusal, refuse, stsError } from './responses.ts';
import { readStsRequest, type StsOutcome, stsRefuse } from './sts-request.ts';
import { verifyToken } from './verify.ts';

const maxSeconds = 3600;

export async function exchange(request: SandboxRequest, state: CloudState): Promise<SandboxResponse> {
  const outcome = await decide(request, state);
  const answer = outcome.ok ? outcome.value : outcome.answer;
  const { error } = JSON.parse(answer.body) as { error?: unknown };
  const errorCode = typeof error === 'string' ? error : String(answer.status);
  const read = readStsRequest(request);
  state.runtime.record({
    cloud: 'gcp',
    operation: 'sts.token',
    outcome: error === undefined ? 'ok' : errorCode,
    ...(read.ok ? { detail: { scope: read.value.scopes.join(' ') } } : {}),
  });
  return answer;
}

async function decide(request: SandboxRequest, state: CloudState): Promise<StsOutcome<SandboxResponse>> {
  const read = readStsRequest(request);
  if (!read.ok) return read;
  const { pool, provider: name, subjectToken, scopes } = read.value;
  const call = { service: 'sts.googleapis.com', method: '*', principals: [] };
  const outside = perimeterRefusal(state, projectOf(pool), call);
  if (outside) return { ok: false, answer: refusal(outside) };
  const provider = state.pools.active(pool) && state.providers.active(name);
  if (!provider)
    return stsRefuse(
      'invalid_target',
      'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
    );
  const verified = await verifyToken(subjectToken, provider, state);
  if (!verified.ok) return verified;
  const mapped = mapClaims(verified.value, provider);
  if (!mapped.ok) return mapped;

  const now = state.runtime.now();
  const remainingSeconds = Math.floor(Number(verified.value.exp) - now / 1000);
  // Measured and repeatable: a token with one second left causes an internal error in the real service.
  if (remainingSeconds === 1)
    return { ok: false, answer: refusal(refuse('INTERNAL', 'Internal error encountered.')) };
  const expiresIn = Math.min(remainingSeconds, maxSeconds);
  const token = state.tokens.issue({
    kind: 'federated',
    pool,
    ...mapped.value,
    scopes,
    expiresAt: now + Math.max(expiresIn, 0) * 1000,
  });
  const value = json(200, {
    access_token: token,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    ...(expiresIn > 0 ? { expires_in: expiresIn } : {}),
  });
  return { ok: true, value };
}

/** The only refusal of the token service that does not depend on the request. */
export const throttled = (): SandboxResponse =>
  stsError(
    'quota_exceeded',
    'The request was throttled due to rate limit: sts.googleapis.com/requests. Please retry after a few seconds.',
    429,
  );
