/** sts.googleapis.com: trades the issuer's token for a federated access token. */
import type { SandboxAnswer, SandboxRequest } from '../contract.ts';
import { json, refusal, refuse, stsError } from './answers.ts';
import { mapClaims } from './attributes.ts';
import type { Estate } from './estate.ts';
import { readStsRequest, type StsOutcome, stsRefuse } from './sts-request.ts';
import { verifyToken } from './verify.ts';

const longestSeconds = 3600;

export async function exchange(request: SandboxRequest, estate: Estate): Promise<SandboxAnswer> {
  const outcome = await decide(request, estate);
  const answer = outcome.ok ? outcome.value : outcome.answer;
  const { error } = JSON.parse(answer.body) as { error?: unknown };
  const said = typeof error === 'string' ? error : String(answer.status);
  const read = readStsRequest(request);
  estate.world.note({
    cloud: 'gcp',
    operation: 'sts.token',
    outcome: error === undefined ? 'ok' : said,
    ...(read.ok ? { detail: { scope: read.value.scopes.join(' ') } } : {}),
  });
  return answer;
}

async function decide(request: SandboxRequest, estate: Estate): Promise<StsOutcome<SandboxAnswer>> {
  const read = readStsRequest(request);
  if (!read.ok) return read;
  const { pool, provider: name, subjectToken, scopes } = read.value;
  const provider = estate.pools.active(pool) && estate.providers.active(name);
  if (!provider)
    return stsRefuse(
      'invalid_target',
      'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
    );
  const verified = await verifyToken(subjectToken, provider, estate);
  if (!verified.ok) return verified;
  const mapped = mapClaims(verified.value, provider);
  if (!mapped.ok) return mapped;

  const now = estate.world.now();
  const left = Math.floor(Number(verified.value.exp) - now / 1000);
  // Measured and repeatable: a token with one second left makes the real service stumble.
  if (left === 1) return { ok: false, answer: refusal(refuse('INTERNAL', 'Internal error encountered.')) };
  const expiresIn = Math.min(left, longestSeconds);
  const token = estate.tokens.issue({
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

/** The one refusal of the token service that no request earns by itself. */
export const throttled = (): SandboxAnswer =>
  stsError(
    'quota_exceeded',
    'The request was throttled due to rate limit: sts.googleapis.com/requests. Please retry after a few seconds.',
    429,
  );
