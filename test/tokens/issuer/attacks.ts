/** Forged client assertions, for every method that authenticates a client with an assertion. */
import { createHmac, createPublicKey } from 'node:crypto';
import type { ForeignIssuer } from '../../support/foreign-issuer.ts';
import { makeKey, type TestKey } from '../../support/test-issuer.ts';

/** A signer of valid assertions; each attack forges one of them. */
export interface Signer {
  readonly key: TestKey;
  readonly audience: string;
  /** The claims of an assertion that is valid now. */
  readonly claims: () => Record<string, unknown>;
  /** The longest lifetime that the server accepts, in seconds. */
  readonly maxLifetime: number;
  /** The `iss` of another signer, which must not authenticate this client. */
  readonly other: string;
  readonly sign: ForeignIssuer['sign'];
}

/** Title, the forged assertion, and the reason that the audit log must have. */
export type Attack = [string, (signer: Signer) => Promise<string>, RegExp];

export const seconds = () => Math.floor(Date.now() / 1000);
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const validAssertion = (
  signer: Signer,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
) => signer.sign({ ...signer.claims(), ...claims }, header, signer.key);

/** Forges an assertion from the three parts of a valid one. */
const rebuilt =
  (make: (parts: { header: string; claims: string; signature: string }, signer: Signer) => string) =>
  async (signer: Signer) => {
    const [header = '', claims = '', signature = ''] = (await validAssertion(signer)).split('.');
    return make({ header, claims, signature }, signer);
  };

const withHeader = (header: Record<string, unknown>) => (signer: Signer) =>
  validAssertion(signer, {}, header);

/** Signs with a key that the server does not know; the header says where to find that key. */
const signedWithUnknownKey =
  (header: (key: TestKey) => Record<string, unknown>, alg?: string) => async (signer: Signer) => {
    const unknown = await makeKey(alg ?? signer.key.alg, signer.key.kid);
    return signer.sign(signer.claims(), header(unknown), unknown);
  };

const hmacOf = (secret: (key: TestKey) => string | Uint8Array) =>
  rebuilt(({ claims }, { key }) => {
    const input = `${encode({ alg: 'HS256', kid: key.kid })}.${claims}`;
    return `${input}.${createHmac('sha256', secret(key)).update(input).digest('base64url')}`;
  });
const publicKey = ({ publicJwk }: TestKey) => createPublicKey({ key: publicJwk as never, format: 'jwk' });

const noKey = /no key|no applicable key|signature|alg is not that of the key/;
/** The assertion identifies no client. */
const noClient = /is not a string|client not found|mechanism does not match/;

const signatures: Attack[] = [
  ['has alg none', rebuilt(({ claims }) => `${encode({ alg: 'none' })}.${claims}.`), /signature|alg/],
  [
    'has alg nOnE and a signature',
    rebuilt(({ claims, signature }) => `${encode({ alg: 'nOnE' })}.${claims}.${signature}`),
    /alg/,
  ],
  [
    'is an HMAC keyed with the public key in PEM',
    hmacOf((key) => publicKey(key).export({ type: 'spki', format: 'pem' })),
    /alg/,
  ],
  [
    'is an HMAC keyed with the public key in DER',
    hmacOf((key) => publicKey(key).export({ type: 'spki', format: 'der' })),
    /alg/,
  ],
  ['is an HMAC keyed with the public JWK', hmacOf(({ publicJwk }) => JSON.stringify(publicJwk)), /alg/],
  [
    'has a signature of zeros',
    rebuilt(({ header, claims }) => `${header}.${claims}.${'A'.repeat(342)}`),
    noKey,
  ],
  ['has an empty signature', rebuilt(({ header, claims }) => `${header}.${claims}.`), /signature/],
  ['has no signature', rebuilt(({ header, claims }) => `${header}.${claims}`), /three parts|Invalid JWT/],
  [
    'has two signatures',
    rebuilt(({ header, claims, signature: s }) => `${header}.${claims}.${s}.${s}`),
    /three parts|Invalid JWT/,
  ],
  ['is signed with an unknown key', signedWithUnknownKey(() => ({})), noKey],
  ['is signed with an unknown key and another alg', signedWithUnknownKey(() => ({}), 'PS256'), noKey],
  [
    'contains its own key in the jwk header',
    signedWithUnknownKey(({ publicJwk }) => ({ jwk: publicJwk })),
    noKey,
  ],
  [
    'refers to its key in the jku header',
    signedWithUnknownKey(() => ({ jku: 'https://127.0.0.1:1/jwks' })),
    noKey,
  ],
  [
    'refers to its certificates in the x5u header',
    signedWithUnknownKey(() => ({ x5u: 'https://127.0.0.1:1/x5u' })),
    noKey,
  ],
  ['contains certificates in the x5c header', signedWithUnknownKey(() => ({ x5c: ['MIIB'] })), noKey],
  ['has a URL as kid', signedWithUnknownKey(() => ({ kid: 'https://127.0.0.1:1/jwks' })), noKey],
  ['has a file path as kid', signedWithUnknownKey(() => ({ kid: '../../../../dev/null' })), noKey],
  ['has __proto__ as kid', signedWithUnknownKey(() => ({ kid: '__proto__' })), noKey],
  ['has constructor as kid', signedWithUnknownKey(() => ({ kid: 'constructor' })), noKey],
  ['has a number as kid', signedWithUnknownKey(() => ({ kid: 7 })), /kid/],
  ['has a kid of 600 characters', signedWithUnknownKey(() => ({ kid: 'k'.repeat(600) })), /kid/],
];

const forms: Attack[] = [
  ['has an unknown critical header', withHeader({ crit: ['x'], x: 1 }), /crit/],
  [
    'has a critical header that other implementations support',
    withHeader({ crit: ['b64'], b64: true }),
    /crit/,
  ],
  ['is an access token', withHeader({ typ: 'at+jwt' }), /typ/],
  ['is a logout token', withHeader({ typ: 'logout+jwt' }), /typ/],
  ['is a DPoP proof', withHeader({ typ: 'dpop+jwt' }), /typ/],
  ['is a request object', withHeader({ typ: 'oauth-authz-req+jwt' }), /typ/],
  ['has an array as typ', withHeader({ typ: ['JWT'] }), /typ/],
  [
    'has base64 padding after the signature',
    rebuilt(({ header, claims, signature }) => `${header}.${claims}.${signature}=`),
    /base64url/,
  ],
  [
    'has base64 padding after the claims',
    rebuilt(({ header, claims, signature }) => `${header}.${claims}==.${signature}`),
    /base64url/,
  ],
  ['ends with a space', async (signer) => `${await validAssertion(signer)} `, /base64url/],
  ['ends with a line feed', async (signer) => `${await validAssertion(signer)}\n`, /base64url/],
  ['ends with a zero byte', async (signer) => `${await validAssertion(signer)}\0`, /base64url/],
  [
    'has additional bytes after the signature',
    async (signer) => `${await validAssertion(signer)}AAAA`,
    noKey,
  ],
  [
    'has a signature in base64 instead of base64url',
    rebuilt(({ header, claims }) => `${header}.${claims}.${'+/'.repeat(171)}`),
    /base64url/,
  ],
  [
    'contains a claim twice',
    (signer) => signer.sign(`{"sub":"x",${JSON.stringify(signer.claims()).slice(1)}`, {}, signer.key),
    /duplicate member/,
  ],
  [
    'contains a claim twice, once with an escaped name',
    (signer) => signer.sign(`{"\\u0061ud":"x",${JSON.stringify(signer.claims()).slice(1)}`, {}, signer.key),
    /duplicate member/,
  ],
  [
    'contains a header parameter twice',
    rebuilt(({ claims, signature }, { key }) => {
      const text = `{"alg":"none","alg":"${key.alg}","kid":"${key.kid}"}`;
      return `${encode(text)}.${claims}.${signature}`;
    }),
    /duplicate member/,
  ],
  ['is not a JWT', async () => 'garbage', /three parts|format/],
  ['has a string as claims', (signer) => signer.sign('"text"', {}, signer.key), /not an object|format/],
  ['has an array as claims', (signer) => signer.sign('[]', {}, signer.key), /not an object|format/],
  ['has no header', rebuilt(({ claims, signature }) => `.${claims}.${signature}`), /JSON/],
  ['is larger than 12 KB', (signer) => validAssertion(signer, { padding: 'x'.repeat(9_300) }), /over 12288/],
];

const claim =
  (claims: (signer: Signer) => Record<string, unknown>) =>
  (signer: Signer): Promise<string> =>
    validAssertion(signer, claims(signer));
const year2100 = 4_102_444_800;

const claims: Attack[] = [
  ['has the token endpoint as aud', claim(({ audience }) => ({ aud: `${audience}/token` })), /aud/],
  ['has an aud array with only the issuer', claim(({ audience }) => ({ aud: [audience] })), /aud/],
  [
    'has an aud array with the issuer and another server',
    claim(({ audience }) => ({ aud: [audience, 'https://other.example'] })),
    /aud/,
  ],
  ['has the issuer with a trailing slash as aud', claim(({ audience }) => ({ aud: `${audience}/` })), /aud/],
  ['has the issuer in upper case as aud', claim(({ audience }) => ({ aud: audience.toUpperCase() })), /aud/],
  ['has no aud', claim(() => ({ aud: undefined })), /aud/],
  ['has an empty aud', claim(() => ({ aud: '' })), /aud/],
  ['has no exp', claim(() => ({ exp: undefined })), /exp/],
  ['has a string as exp', claim(() => ({ exp: String(seconds() + 60) })), /exp/],
  ['has expired', claim(() => ({ exp: seconds() - 120 })), /exp/],
  ['expires in 2100', claim(() => ({ exp: year2100 })), /exp/],
  ['has too long a lifetime', claim(({ maxLifetime }) => ({ exp: seconds() + maxLifetime + 70 })), /exp/],
  [
    'expires soon but was issued too long ago',
    claim(({ maxLifetime }) => ({ iat: seconds() - maxLifetime - 70, exp: seconds() + 30 })),
    /exp/,
  ],
  ['has its iat and exp in 2100', claim(() => ({ iat: year2100 - 60, exp: year2100 })), /iat|exp/],
  ['was issued in the future', claim(() => ({ iat: seconds() + 120 })), /iat/],
  ['has a string as iat', claim(() => ({ iat: 'now' })), /iat/],
  ['is not valid yet', claim(() => ({ nbf: seconds() + 120 })), /nbf/],
  ['has no jti', claim(() => ({ jti: undefined })), /jti/],
  ['has an empty jti', claim(() => ({ jti: '' })), /jti/],
  ['has a number as jti', claim(() => ({ jti: 7 })), /jti/],
  ['has a jti of 10 KB', claim(() => ({ jti: 'j'.repeat(10_240) })), /over 12288/],
  ['has a jti of 600 characters', claim(() => ({ jti: 'j'.repeat(600) })), /jti/],
  ['has no iss', claim(() => ({ iss: undefined })), /iss|mechanism does not match/],
  ['has an array as iss', claim(({ claims }) => ({ iss: [claims().iss] })), /iss|mechanism does not match/],
  ['has the iss of another signer', claim(({ other }) => ({ iss: other })), /iss|sub/],
  ['has an array as sub', claim(({ claims }) => ({ sub: [claims().sub] })), noClient],
];

export const attacks: readonly Attack[] = [...signatures, ...forms, ...claims];
