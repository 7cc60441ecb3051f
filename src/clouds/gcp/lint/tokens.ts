/** Maps a token of our issuer through a provider: the principal that Google makes of it, if the condition admits it. */
import { type Expression, evaluate } from './cel.ts';
import { type CelMap, failure, unknown, type Value } from './cel-values.ts';

export interface Mapping {
  readonly key: string;
  /** Undefined if the expression cannot be read. */
  readonly expression: Expression | undefined;
}

export interface Token {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly jti: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Outcome {
  /** Whether the condition admits the token; `unknown` if it is not understood, `failure` counts as no. */
  readonly condition: Value;
  /** The mapped `google.subject`. */
  readonly subject: Value;
  /** The first key that has no value for this token: Google then refuses the token. */
  readonly failed: string | undefined;
  readonly isUnknown: boolean;
}

/** Google's limit for google.subject, in bytes. */
const maxSubject = 127;

/** A token of the issuer has these claims and no others. */
function claimsOf({ issuer, subject, audience, jti, now }: Token): CelMap {
  const issuedAt = BigInt(Math.floor(now / 1000));
  return new Map<string, Value>([
    ['iss', issuer],
    ['sub', subject],
    ['aud', audience],
    ['iat', issuedAt],
    ['nbf', issuedAt],
    ['exp', issuedAt + 300n],
    ['jti', jti],
  ]);
}

export function mapToken(
  mappings: readonly Mapping[],
  condition: Expression | undefined,
  token: Token,
): Outcome {
  const assertion = claimsOf(token);
  const values = mappings.map(({ key, expression }): readonly [string, Value] => [
    key,
    expression ? evaluate(expression, new Map([['assertion', assertion]])) : unknown,
  ]);
  const failed = values.find(([key, value]) => value !== unknown && !isMapped(key, value));
  const named = (prefix: string): CelMap =>
    new Map(
      values
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value]),
    );
  const variables: CelMap = new Map<string, Value>([
    ['assertion', assertion],
    // What the groups are without a mapping is not documented.
    ['google', new Map([['groups', unknown], ...named('google.')])],
    ['attribute', named('attribute.')],
  ]);
  return {
    condition: condition ? evaluate(condition, variables) : true,
    subject: new Map(values).get('google.subject') ?? failure,
    failed: failed?.[0],
    isUnknown: values.some(([, value]) => value === unknown),
  };
}

const isMapped = (key: string, value: Value): boolean => {
  if (key === 'google.groups') return Array.isArray(value);
  if (typeof value !== 'string') return false;
  return key !== 'google.subject' || (value !== '' && Buffer.byteLength(value) <= maxSubject);
};
