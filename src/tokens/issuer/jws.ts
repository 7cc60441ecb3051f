/** A JWS in compact form (RFC 7515 section 7.1), signed by a key of a ring. */
import type { Keyring } from '../keys/index.ts';

export type JwsHeader = {
  readonly alg: string;
  readonly typ: string;
  readonly kid: string;
};

/** Rejects with `keys_unavailable`. */
export async function signJws(
  keyring: Pick<Keyring, 'sign'>,
  header: JwsHeader,
  payload: Readonly<Record<string, unknown>>,
): Promise<string> {
  const encodedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
  const input = `${encodedHeader}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
  const signature = await keyring.sign(header.kid, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}
