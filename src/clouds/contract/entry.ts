/** The part of a cloud that an exchange needs: the claims of a token, and the credentials that the cloud gives for it. */
import type { Now } from '../../platform/time/index.ts';

export const algorithms = ['RS256', 'ES256'] as const;
export type Algorithm = (typeof algorithms)[number];

/** A cloud token signed for a connection. */
export interface SignedToken {
  readonly token: string;
  readonly jti: string;
}

/** The values of a cloud's configuration keys, `clouds.NAME`. */
export type CloudSettings = Readonly<Record<string, unknown>>;

/** One exchange with the cloud. */
export interface CloudRequest<Settings = CloudSettings> {
  readonly connection: string;
  /** Signs a fresh token. Called once per exchange, and again if the cloud reports that the first token has expired. */
  sign(): Promise<SignedToken>;
  readonly settings: Settings;
  readonly now: Now;
  /** When the credentials must expire at the latest, in milliseconds; only clouds with a lifetime parameter honor it. */
  readonly notAfter?: number | undefined;
  /** Aborts at the deadline of the whole exchange. */
  readonly signal: AbortSignal;
}

/** Short-lived credentials of the customer's cloud. Never logged or stored; only cached in memory. */
export interface Credentials {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly credentials:
    | {
        readonly access_key_id: string;
        readonly secret_access_key: string;
        readonly session_token: string;
        /** What SDKs need besides the keys: the account of the session, and the region of the connection. */
        readonly account_id?: string;
        readonly region?: string;
      }
    | {
        readonly access_token: string;
        readonly token_type: 'Bearer';
        /** The project of the connection, which Google's libraries ask for if the environment names none. */
        readonly project_number?: string;
        /** The universe of Google Cloud, if it is not the public one. */
        readonly universe_domain?: string;
      };
}

/** The context of a call to a cloud other than an exchange. */
export type CloudContext<Settings = CloudSettings> = Pick<
  CloudRequest<Settings>,
  'settings' | 'now' | 'signal'
>;

/** The target of a connection, ready for an exchange. */
export interface Entry {
  readonly audience: string;
  /** The algorithms that the cloud accepts, the preferred one first. */
  readonly algorithms: readonly Algorithm[];
  /** Claims in addition to the standard ones (AWS session tags and source identity). */
  readonly claims: Readonly<Record<string, unknown>>;
  /**
   * The token lifetime in seconds, if the cloud limits its credentials to it. A setting of the connection overrides it;
   * without either, the server decides.
   */
  readonly tokenSeconds?: number;
  /** Fields of the target that must be set before `exchange`; empty if the target is complete. */
  readonly missingFields: readonly string[];
  /**
   * Fields that select the customer's side where all customers share one principal of the vendor: a successful exchange does
   * not prove that their values belong to this customer. Only the vendor sets them. Empty if the principal is the customer's.
   */
  readonly sharedPrincipalFields: readonly string[];
  /** The customer uploads the keys to the cloud, which fetches no JWKS: a key must not sign before its upload. */
  readonly uploadsKeys?: boolean;
  /** @throws {SojournError} `cloud_…`, with no token or secret in its detail */
  exchange(request: CloudRequest): Promise<Credentials>;
  /**
   * Says in words whose credentials these are.
   * @throws {SojournError} `cloud_identity_mismatch` if it is not the identity of the target
   */
  identify(credentials: Credentials, context: CloudContext): Promise<string>;
  /**
   * If the credentials are the cloud token itself, which an exchange does not check: presents it to the service, and rejects
   * with `cloud_…` if the service refuses it. `uncheckable` if Sojourn knows no call for that.
   */
  readonly present?: ((token: string, context: CloudContext) => Promise<void>) | 'uncheckable';
}
