/** The checks of the standard claims in STS; texts and order as in clouds.md 1.3, recorded on 2026-09-11. */
import type { Jws } from '../../jws.ts';
import { fault } from '../fault.ts';

export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  /** `azp` if present, otherwise the audience; compared with ClientIDList and `:aud`. */
  readonly audience: string;
  /** All audiences of the token, for `:oaud`. */
  readonly audiences: readonly string[];
  readonly amr: readonly string[];
  readonly email: string | undefined;
}

/** AWS accepts this much clock skew in both directions. */
const skewSeconds = 300;

export const invalidToken = (message: string): Error => fault('InvalidIdentityToken', message);

export const notValidated = (): Error =>
  invalidToken(
    'The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.',
  );

export const notAJwt = (): Error =>
  invalidToken(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  );

export function checkClaims({ claims }: Jws, nowSeconds: number): Identity {
  for (const name of ['iss', 'sub', 'aud', 'iat', 'exp'])
    if (claims[name] === undefined) throw invalidToken(`Missing a required claim: ${name}`);
  checkTimes(claims, nowSeconds);
  const audiences = audiencesOf(claims.aud);
  const { azp, iss, amr, email } = claims;
  if (audiences.length > 1 && azp === undefined)
    throw invalidToken(
      'Token audience contains more than one audience while authorized party is not present',
    );
  const audience = azp === undefined ? audiences[0] : azp;
  if (typeof audience !== 'string' || typeof iss !== 'string') throw notValidated();
  return {
    issuer: iss,
    subject: subjectOf(claims.sub),
    audience,
    audiences,
    amr: [amr].flat().filter((method) => typeof method === 'string'),
    email: typeof email === 'string' ? email : undefined,
  };
}

function checkTimes(claims: Jws['claims'], now: number): void {
  const [iat, nbf, exp] = ['iat', 'nbf', 'exp'].map((name) => timestamp(claims[name]));
  if (exp !== undefined && now - skewSeconds >= exp)
    throw fault(
      'ExpiredTokenException',
      `Token expired: current date/time ${now - skewSeconds} must be before the expiration date/time ${exp}`,
    );
  if (iat !== undefined && iat > now + skewSeconds) throw invalidToken(`Token issued in the future: ${iat}`);
  if (nbf !== undefined && nbf > now + skewSeconds)
    throw invalidToken(
      `Token not yet valid: current date/time ${now + skewSeconds} must be after or equal to the not-before date/time ${nbf}`,
    );
}

/** Whole seconds, as a number or as a string of digits. */
function timestamp(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const whole = typeof value === 'string' ? /^-?\d+$/.test(value) : Number.isInteger(value);
  if (!whole) throw invalidToken('Invalid timestamp in token claims.');
  return Number(value);
}

function audiencesOf(aud: unknown): string[] {
  const list: unknown[] = [aud].flat();
  if (list.length === 0) throw invalidToken('Claim is not allowed to be empty: aud');
  if (!list.every((item) => typeof item === 'string')) throw notValidated();
  return list;
}

/** Empty, short and long subjects pass; a number becomes text; null causes an internal error in AWS. */
function subjectOf(sub: unknown): string {
  if (typeof sub === 'string' || typeof sub === 'number' || typeof sub === 'boolean') return String(sub);
  throw fault('InternalFailure', 'Unknown error validating third-party token', 500);
}
