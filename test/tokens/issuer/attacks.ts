/** What an attacker does to an assertion, whoever is said to have signed it. */
import { createHmac, createPublicKey } from 'node:crypto';
import type { ForeignIssuer } from '../../support/foreign-issuer.ts';
import { makeKey, type TestKey } from '../../support/test-issuer.ts';

/** One who signs assertions that are good, and whose good ones are bent here. */
export interface Signer {
  readonly key: TestKey;
  readonly audience: string;
  /** Of an assertion that is good at this moment. */
  readonly claims: () => Record<string, unknown>;
  /** In seconds: no assertion may live longer. */
  readonly longest: number;
  /** Another who signs assertions: those do not speak for this one. */
  readonly other: string;
  readonly sign: ForeignIssuer['sign'];
}

/** Title, what is sent in place of a good assertion, and what the audit says of it. */
export type Attack = [string, (signer: Signer) => Promise<string>, RegExp];

export const seconds = () => Math.floor(Date.now() / 1000);
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const good = (signer: Signer, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  signer.sign({ ...signer.claims(), ...claims }, header, signer.key);

/** The three parts of a good one, put together anew. */
const remade =
  (make: (parts: { header: string; claims: string; signature: string }, signer: Signer) => string) =>
  async (signer: Signer) => {
    const [header = '', claims = '', signature = ''] = (await good(signer)).split('.');
    return make({ header, claims, signature }, signer);
  };

const withHeader = (header: Record<string, unknown>) => (signer: Signer) => good(signer, {}, header);

/** Signed by a stranger, whose header says where his key is. */
const byStranger =
  (header: (key: TestKey) => Record<string, unknown>, alg?: string) => async (signer: Signer) => {
    const stranger = await makeKey(alg ?? signer.key.alg, signer.key.kid);
    return signer.sign(signer.claims(), header(stranger), stranger);
  };

const hmacOf = (secret: (key: TestKey) => string | Uint8Array) =>
  remade(({ claims }, { key }) => {
    const input = `${encode({ alg: 'HS256', kid: key.kid })}.${claims}`;
    return `${input}.${createHmac('sha256', secret(key)).update(input).digest('base64url')}`;
  });
const publicKey = ({ publicJwk }: TestKey) => createPublicKey({ key: publicJwk as never, format: 'jwk' });

const noKey = /no key|no applicable key|signature|alg is not that of the key/;
/** The one whom it names is nobody. */
const nobody = /is not a string|client not found|mechanism does not match/;

const signatures: Attack[] = [
  ['has alg none', remade(({ claims }) => `${encode({ alg: 'none' })}.${claims}.`), /signature|alg/],
  [
    'has alg none and a signature',
    remade(({ claims, signature }) => `${encode({ alg: 'nOnE' })}.${claims}.${signature}`),
    /alg/,
  ],
  [
    'is an HMAC with the public key in PEM',
    hmacOf((key) => publicKey(key).export({ type: 'spki', format: 'pem' })),
    /alg/,
  ],
  [
    'is an HMAC with the public key in DER',
    hmacOf((key) => publicKey(key).export({ type: 'spki', format: 'der' })),
    /alg/,
  ],
  ['is an HMAC with the public JWK', hmacOf(({ publicJwk }) => JSON.stringify(publicJwk)), /alg/],
  [
    'has a signature of zeros',
    remade(({ header, claims }) => `${header}.${claims}.${'A'.repeat(342)}`),
    noKey,
  ],
  ['has an empty signature', remade(({ header, claims }) => `${header}.${claims}.`), /signature/],
  ['has no signature', remade(({ header, claims }) => `${header}.${claims}`), /three parts|Invalid JWT/],
  [
    'has two signatures',
    remade(({ header, claims, signature: s }) => `${header}.${claims}.${s}.${s}`),
    /three parts|Invalid JWT/,
  ],
  ['is signed by a stranger', byStranger(() => ({})), noKey],
  ['is signed by a stranger under another alg', byStranger(() => ({}), 'PS256'), noKey],
  ['brings its own key', byStranger(({ publicJwk }) => ({ jwk: publicJwk })), noKey],
  ['names a URL of keys', byStranger(() => ({ jku: 'https://127.0.0.1:1/jwks' })), noKey],
  ['names a URL of certificates', byStranger(() => ({ x5u: 'https://127.0.0.1:1/x5u' })), noKey],
  ['brings certificates', byStranger(() => ({ x5c: ['MIIB'] })), noKey],
  ['names its key by a URL', byStranger(() => ({ kid: 'https://127.0.0.1:1/jwks' })), noKey],
  ['names its key by a path', byStranger(() => ({ kid: '../../../../dev/null' })), noKey],
  ['names its key __proto__', byStranger(() => ({ kid: '__proto__' })), noKey],
  ['names its key constructor', byStranger(() => ({ kid: 'constructor' })), noKey],
  ['names its key by a number', byStranger(() => ({ kid: 7 })), /kid/],
  ['names its key by 600 characters', byStranger(() => ({ kid: 'k'.repeat(600) })), /kid/],
];

const forms: Attack[] = [
  ['has an unknown critical header', withHeader({ crit: ['x'], x: 1 }), /crit/],
  ['has a critical header that is known elsewhere', withHeader({ crit: ['b64'], b64: true }), /crit/],
  ['is an access token', withHeader({ typ: 'at+jwt' }), /typ/],
  ['is a logout token', withHeader({ typ: 'logout+jwt' }), /typ/],
  ['is a DPoP proof', withHeader({ typ: 'dpop+jwt' }), /typ/],
  ['is a request object', withHeader({ typ: 'oauth-authz-req+jwt' }), /typ/],
  ['has a typ that is a list', withHeader({ typ: ['JWT'] }), /typ/],
  [
    'has padding',
    remade(({ header, claims, signature }) => `${header}.${claims}.${signature}=`),
    /base64url/,
  ],
  [
    'has padded claims',
    remade(({ header, claims, signature }) => `${header}.${claims}==.${signature}`),
    /base64url/,
  ],
  ['ends with a blank', async (signer) => `${await good(signer)} `, /base64url/],
  ['ends with a line feed', async (signer) => `${await good(signer)}\n`, /base64url/],
  ['ends with a zero byte', async (signer) => `${await good(signer)}\0`, /base64url/],
  ['ends with more bytes', async (signer) => `${await good(signer)}AAAA`, noKey],
  [
    'is written in the other alphabet',
    remade(({ header, claims }) => `${header}.${claims}.${'+/'.repeat(171)}`),
    /base64url/,
  ],
  [
    'says a claim twice',
    (signer) => signer.sign(`{"sub":"x",${JSON.stringify(signer.claims()).slice(1)}`, {}, signer.key),
    /duplicate member/,
  ],
  [
    'says a claim twice, in another spelling',
    (signer) => signer.sign(`{"\\u0061ud":"x",${JSON.stringify(signer.claims()).slice(1)}`, {}, signer.key),
    /duplicate member/,
  ],
  [
    'says a header twice',
    remade(({ claims, signature }, { key }) => {
      const text = `{"alg":"none","alg":"${key.alg}","kid":"${key.kid}"}`;
      return `${encode(text)}.${claims}.${signature}`;
    }),
    /duplicate member/,
  ],
  ['is garbage', async () => 'garbage', /three parts|format/],
  ['has a text for claims', (signer) => signer.sign('"text"', {}, signer.key), /not an object|format/],
  ['has a list for claims', (signer) => signer.sign('[]', {}, signer.key), /not an object|format/],
  ['has no header', remade(({ claims, signature }) => `.${claims}.${signature}`), /JSON/],
  ['is over 12 KB', (signer) => good(signer, { padding: 'x'.repeat(9_300) }), /over 12288/],
];

const claim =
  (claims: (signer: Signer) => Record<string, unknown>) =>
  (signer: Signer): Promise<string> =>
    good(signer, claims(signer));
const year2100 = 4_102_444_800;

const claims: Attack[] = [
  ['is for the token endpoint', claim(({ audience }) => ({ aud: `${audience}/token` })), /aud/],
  ['is for a list of one', claim(({ audience }) => ({ aud: [audience] })), /aud/],
  ['is for us among others', claim(({ audience }) => ({ aud: [audience, 'https://other.example'] })), /aud/],
  ['is for us with a slash', claim(({ audience }) => ({ aud: `${audience}/` })), /aud/],
  ['is for us in upper case', claim(({ audience }) => ({ aud: audience.toUpperCase() })), /aud/],
  ['is for nobody', claim(() => ({ aud: undefined })), /aud/],
  ['is for an empty audience', claim(() => ({ aud: '' })), /aud/],
  ['has no exp', claim(() => ({ exp: undefined })), /exp/],
  ['has an exp that is a text', claim(() => ({ exp: String(seconds() + 60) })), /exp/],
  ['has ended', claim(() => ({ exp: seconds() - 120 })), /exp/],
  ['ends in 2100', claim(() => ({ exp: year2100 })), /exp/],
  ['lives too long', claim(({ longest }) => ({ exp: seconds() + longest + 70 })), /exp/],
  [
    'lived too long, though it ends soon',
    claim(({ longest }) => ({ iat: seconds() - longest - 70, exp: seconds() + 30 })),
    /exp/,
  ],
  ['lives too long from a future iat', claim(() => ({ iat: year2100 - 60, exp: year2100 })), /iat|exp/],
  ['was issued in the future', claim(() => ({ iat: seconds() + 120 })), /iat/],
  ['has an iat that is a text', claim(() => ({ iat: 'now' })), /iat/],
  ['is not valid yet', claim(() => ({ nbf: seconds() + 120 })), /nbf/],
  ['has no jti', claim(() => ({ jti: undefined })), /jti/],
  ['has an empty jti', claim(() => ({ jti: '' })), /jti/],
  ['has a jti that is a number', claim(() => ({ jti: 7 })), /jti/],
  ['has a jti of 10 KB', claim(() => ({ jti: 'j'.repeat(10_240) })), /over 12288/],
  ['has a jti of 600 characters', claim(() => ({ jti: 'j'.repeat(600) })), /jti/],
  ['comes from nobody', claim(() => ({ iss: undefined })), /iss|mechanism does not match/],
  ['comes from a list', claim(({ claims }) => ({ iss: [claims().iss] })), /iss|mechanism does not match/],
  ['comes from another', claim(({ other }) => ({ iss: other })), /iss|sub/],
  ['is about a list', claim(({ claims }) => ({ sub: [claims().sub] })), nobody],
];

export const attacks: readonly Attack[] = [...signatures, ...forms, ...claims];
