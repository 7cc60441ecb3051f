/** A token behind a PKCS#11 module (v2.40), in one session. All calls block, so it runs in its own thread. */
import { createHash, randomBytes } from 'node:crypto';
import type * as Pkcs11 from 'pkcs11js';
import { fault, faultOf, isKeyMissing, isPinError } from './fault.ts';

export interface TokenSettings {
  readonly module: string;
  readonly label: string;
  readonly pin: string;
}

/** A public key as read from the token. */
export type PublicMembers =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };

/** DER of the OID prime256v1 (RFC 5480 section 2.1.1.1). */
const p256 = Buffer.from('06082a8648ce3d030107', 'hex');

export class Token {
  readonly #constants: typeof Pkcs11;
  readonly #settings: TokenSettings;
  readonly #lib: Pkcs11.PKCS11;
  #session: Buffer | undefined;
  /** Private keys by CKA_ID. */
  readonly #handles = new Map<string, Buffer>();
  /** A rejected PIN is not tried again: after a few attempts the token would lock itself. */
  #pinRefused: string | undefined;

  constructor(pkcs11js: typeof Pkcs11, settings: TokenSettings) {
    this.#constants = pkcs11js;
    this.#settings = settings;
    this.#lib = new pkcs11js.PKCS11();
    this.#lib.load(settings.module);
  }

  /** The new key's CKA_ID in hex. */
  create(alg: 'RS256' | 'ES256'): string {
    return this.#inSession((session) => {
      const c = this.#constants;
      const id = randomBytes(16);
      const commonAttributes = [
        { type: c.CKA_TOKEN, value: true },
        { type: c.CKA_ID, value: id },
        { type: c.CKA_LABEL, value: `sojourn ${alg}` },
      ];
      const rsaAttributes = [
        { type: c.CKA_MODULUS_BITS, value: 2048 },
        { type: c.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
      ];
      const keys = this.#lib.C_GenerateKeyPair(
        session,
        {
          mechanism: alg === 'RS256' ? c.CKM_RSA_PKCS_KEY_PAIR_GEN : c.CKM_EC_KEY_PAIR_GEN,
          parameter: null!,
        },
        [
          ...commonAttributes,
          { type: c.CKA_VERIFY, value: true },
          ...(alg === 'RS256' ? rsaAttributes : [{ type: c.CKA_EC_PARAMS, value: p256 }]),
        ],
        [
          ...commonAttributes,
          { type: c.CKA_PRIVATE, value: true },
          { type: c.CKA_SENSITIVE, value: true },
          { type: c.CKA_EXTRACTABLE, value: false },
          { type: c.CKA_SIGN, value: true },
        ],
      );
      const [sensitive, extractable] = this.#read(session, keys.privateKey, [
        c.CKA_SENSITIVE,
        c.CKA_EXTRACTABLE,
      ]);
      if (sensitive?.[0] !== 1 || extractable?.[0] !== 0) {
        throw fault('refused', 'the token created a private key that can be extracted');
      }
      this.#handles.set(id.toString('hex'), keys.privateKey);
      return id.toString('hex');
    });
  }

  publicKey(id: string): PublicMembers {
    return this.#inSession((session) => {
      const c = this.#constants;
      const key = this.#find(session, c.CKO_PUBLIC_KEY, id);
      const [type] = this.#read(session, key, [c.CKA_KEY_TYPE]);
      if (type?.[0] === c.CKK_RSA) {
        const [n, e] = this.#read(session, key, [c.CKA_MODULUS, c.CKA_PUBLIC_EXPONENT]);
        return { kty: 'RSA', n: n!.toString('base64url'), e: e!.toString('base64url') };
      }
      const [curve, point] = this.#read(session, key, [c.CKA_EC_PARAMS, c.CKA_EC_POINT]);
      // A DER OCTET STRING with 04, x and y; some tokens omit its two-byte header.
      const uncompressed = point!.subarray(-65);
      if (!curve!.equals(p256) || uncompressed.length !== 65 || uncompressed[0] !== 4)
        throw fault('refused', `the key ${id} is not on P-256`);
      return {
        kty: 'EC',
        crv: 'P-256',
        x: uncompressed.subarray(1, 33).toString('base64url'),
        y: uncompressed.subarray(33).toString('base64url'),
      };
    });
  }

  sign(id: string, alg: 'RS256' | 'ES256', data: Uint8Array): Uint8Array {
    try {
      return this.#inSession((session) => this.#sign(session, id, alg, data));
    } catch (error) {
      if (!isKeyMissing(error)) throw error;
      // The handle is outdated; the key may have a new one.
      this.#handles.clear();
      return this.#inSession((session) => this.#sign(session, id, alg, data));
    }
  }

  #sign(session: Buffer, id: string, alg: 'RS256' | 'ES256', data: Uint8Array): Uint8Array {
    const key = this.#handles.get(id) ?? this.#find(session, this.#constants.CKO_PRIVATE_KEY, id);
    this.#handles.set(id, key);
    // Plain ECDSA over our own digest, because not every token supports ECDSA with SHA-256.
    const [mechanism, input] =
      alg === 'RS256'
        ? [this.#constants.CKM_SHA256_RSA_PKCS, Buffer.from(data)]
        : [this.#constants.CKM_ECDSA, createHash('sha256').update(data).digest()];
    this.#lib.C_SignInit(session, { mechanism }, key);
    return this.#lib.C_Sign(session, input, Buffer.alloc(256));
  }

  #find(session: Buffer, kind: number, id: string): Buffer {
    const template = [
      { type: this.#constants.CKA_CLASS, value: kind },
      { type: this.#constants.CKA_ID, value: Buffer.from(id, 'hex') },
    ];
    this.#lib.C_FindObjectsInit(session, template);
    try {
      const [key] = this.#lib.C_FindObjects(session, 1);
      if (!key) throw fault('refused', `the token has no key with the CKA_ID ${id}`);
      return key;
    } finally {
      this.#lib.C_FindObjectsFinal(session);
    }
  }

  #read(session: Buffer, object: Buffer, types: readonly number[]): readonly Buffer[] {
    const template = types.map((type) => ({ type }));
    return this.#lib.C_GetAttributeValue(session, object, template).map(({ value }) => value as Buffer);
  }

  /** A transient error discards the session, because its state is unknown. */
  #inSession<T>(work: (session: Buffer) => T): T {
    if (this.#pinRefused) throw fault('refused', this.#pinRefused);
    try {
      this.#session ??= this.#open();
      return work(this.#session);
    } catch (error) {
      const tokenFault = faultOf(error);
      if (tokenFault.kind === 'unavailable') this.#forgetSession();
      throw tokenFault;
    }
  }

  #open(): Buffer {
    const { CKF_SERIAL_SESSION, CKF_RW_SESSION, CKU_USER, CKF_OS_LOCKING_OK } = this.#constants;
    tolerate('CKR_CRYPTOKI_ALREADY_INITIALIZED', () => this.#lib.C_Initialize({ flags: CKF_OS_LOCKING_OK }));
    const slot = this.#lib
      .C_GetSlotList(true)
      .find((candidate) => this.#lib.C_GetTokenInfo(candidate).label.trim() === this.#settings.label);
    if (!slot) throw fault('unavailable', `no token has the label ${this.#settings.label}`);
    const session = this.#lib.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION);
    try {
      tolerate('CKR_USER_ALREADY_LOGGED_IN', () => this.#lib.C_Login(session, CKU_USER, this.#settings.pin));
    } catch (error) {
      if (isPinError(error))
        this.#pinRefused = `the token rejects the PIN (${error.message}); it is not tried again before a restart`;
      this.#lib.C_CloseSession(session);
      throw this.#pinRefused ? fault('refused', this.#pinRefused) : error;
    }
    return session;
  }

  #forgetSession(): void {
    this.#handles.clear();
    try {
      if (this.#session) this.#lib.C_CloseSession(this.#session);
    } catch {
      // The session is closed already.
    }
    this.#session = undefined;
  }
}

function tolerate(code: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error) || error.message !== code) throw error;
  }
}
