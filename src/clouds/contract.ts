/** The interface of a cloud. Each cloud implements it in its own folder; CONTRIBUTING lists the other places that name a cloud. */
import type { z } from 'zod';
import type { Fault, SojournError } from '../platform/errors/index.ts';
import type { Now } from '../platform/time/index.ts';
import type { CloudResponse, Explanation } from './explanation.ts';
import type { Guide } from './guide.ts';
import type { LintResult } from './lint.ts';

export type CloudName = 'aws' | 'azure' | 'gcp';
export type Algorithm = 'RS256' | 'ES256';

/** Endpoints of the clouds that replace the public ones (sandboxes, private endpoints). */
export interface Endpoints {
  readonly aws: {
    /** `{region}` is replaced by the region. */
    readonly sts_endpoint: string | null;
    /** Whether STS of another region in the same geography may be called if the target's own does not answer. */
    readonly sts_region_fallback?: boolean;
  };
  readonly azure: {
    readonly authority_host: string | null;
    readonly resource_manager_endpoint: string | null;
  };
  readonly gcp: {
    readonly sts_endpoint: string | null;
    readonly iam_credentials_endpoint: string | null;
    readonly resource_manager_endpoint: string | null;
  };
}

/** A cloud token signed for a connection. */
export interface SignedToken {
  readonly token: string;
  readonly jti: string;
}

/** One exchange with the cloud. */
export interface CloudRequest {
  readonly connection: string;
  /** Signs a fresh token. Called once per exchange, and again if the cloud reports that the first token has expired. */
  sign(): Promise<SignedToken>;
  readonly endpoints: Endpoints;
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
    | { readonly access_key_id: string; readonly secret_access_key: string; readonly session_token: string }
    | { readonly access_token: string; readonly token_type: 'Bearer' };
}

/** The context of a call to a cloud other than an exchange. */
export type CloudContext = Pick<CloudRequest, 'endpoints' | 'now' | 'signal'>;

/** The claim of a probe that is wrong on purpose; the cloud must refuse the probe. */
export type ProbeType = 'subject' | 'audience';

/** What the cloud did with a probe; `inconclusive` after an outage, for example. */
export type ProbeResult = 'refused' | 'admitted' | 'inconclusive';

/** What to paste into a shell or a console to fix a refusal. */
export interface Remedy {
  /** The first condition that is not met, as a stable name for programs: `issuer_slash`, `session_tags`. */
  readonly condition: string;
  /** What differs, if the cloud reports it. */
  readonly detail?: string;
  /** A complete command or document. */
  readonly fix?: string;
}

/** The values for set-up files; issuer, subject and audience are exactly those in the token. */
export interface SetupFacts {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly connection: { readonly id: string; readonly name: string };
  /** The vendor's display name, for descriptions. */
  readonly vendor: string;
  /** The public keys that may sign its tokens, including future ones; only for connections with uploaded keys. */
  readonly jwks?: readonly UploadedKey[];
  /** The set-up callback: the files POST the ids of the created resources to this URL. Without it they report nothing. */
  readonly callback?: string;
  /** Set-up options of the customer, validated with the cloud's `setupOptions`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The chosen permission sets by name, each validated with the cloud's `permissionSet`. */
  readonly permissions?: Readonly<Record<string, unknown>>;
  /** Additional connections of the same customer to the same cloud, set up by the same files. */
  readonly additional?: readonly { readonly target: unknown; readonly facts: SetupFacts }[];
}

/** Members of a public JWK that every cloud accepts: kty, alg, use, kid, and n and e, or crv, x and y. */
export type UploadedKey = Readonly<Record<string, string>>;

/** A file that the customer applies in their own account. */
export interface SetupFile {
  /** The file name, which is also the last path segment of its URL. */
  readonly name: string;
  readonly mediaType: string;
  /** One line that says what it is and how to apply it. */
  readonly title: string;
  readonly content: string;
  /** Whether a console of the cloud can load the file from a public URL. */
  readonly publiclyReadable?: boolean;
}

/** The publicly readable files by name. */
export type PublicFiles = ReadonlyMap<string, PublicFile>;

export interface PublicFile {
  readonly url: string;
  /** Hash of its content, in hex. */
  readonly sha256: string;
}

/** The input for advice after a leak. */
export interface LeakFacts extends SetupFacts {
  /** RFC 3339; tokens and credentials issued before this time may be compromised. */
  readonly compromisedBefore: string;
}

/** What a customer must know and do after a signing key of the issuer may have leaked. */
export interface LeakAdvice {
  /** A text that says how long the cloud still trusts a key after it has left the JWKS. */
  readonly trustedFor: string;
  /** In this order; empty if nothing is set up in the cloud yet. */
  readonly steps: readonly LeakStep[];
}

export interface LeakStep {
  readonly instruction: string;
  /** The command, if there is one. */
  readonly command?: string;
}

/** The target of a connection, ready for use. */
export interface Destination {
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
  /** An audience of tokens of the same issuer for another cloud, which this cloud must refuse. */
  readonly wrongAudience: string;
  /** The result of a probe that ended with this error; without an error the cloud admitted it. */
  interpretProbe(type: ProbeType, error: SojournError | undefined): ProbeResult;
  /** How many seconds a trust change may take to propagate, and whether that may explain an error. */
  readonly propagation: { readonly seconds: number; mayExplain(error: SojournError): boolean };
  /** How to fix a refusal. */
  remedy(facts: SetupFacts, error: SojournError): Remedy;
  /** How to fix trust that admitted a probe. */
  fix(facts: SetupFacts, type: ProbeType): Remedy;
  /** The same target without settings that need more permissions, if it has any: shows whether these caused a refusal. */
  readonly withoutOptions?: Readonly<Record<string, unknown>>;
  /**
   * Lints a document of the customer's cloud: who gets in by it.
   * @param now the time of conditions on the time; the wall clock by default
   * @throws {SojournError} `invalid_request` if the document does not control access
   */
  lint(facts: SetupFacts, document: unknown, now?: number): LintResult;
  /** @throws {SojournError} `invalid_request` for options that conflict with the target or each other */
  setup(facts: SetupFacts): readonly SetupFile[];
  /** Links to the cloud's console. Links that need a file that is not publicly readable are omitted. */
  links(facts: SetupFacts, files: PublicFiles): readonly SetupFile[];
  leakAdvice(facts: LeakFacts): LeakAdvice;
}

/** A location in a cloud's object store, as configured. */
export interface BucketLocation {
  /** `s3://BUCKET/PREFIX` or the equivalent of the cloud. */
  readonly to: string;
  readonly region?: string | undefined;
  /** Replaces the cloud's public endpoint. */
  readonly endpoint?: string | undefined;
}

/** One document to upload to a bucket. */
export interface Upload {
  readonly location: BucketLocation;
  /** Relative to the location, without a leading slash; only letters, digits, `.`, `-`, `_` and `/`. */
  readonly path: string;
  readonly body: string;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly credentials: Credentials;
  readonly now: Now;
  /** Aborts at the deadline of this document, including retries. */
  readonly signal: AbortSignal;
}

/** The cloud's object store, which serves issuer documents to verifiers. */
export interface Bucket {
  /** Whether a location of this form belongs to this cloud. */
  accepts(to: string): boolean;
  /** What is wrong with an accepted location, as a message that follows the name of the field. */
  faultOf(location: BucketLocation): { readonly field: string; readonly message: string } | undefined;
  /** The URL of the document, which is also its public URL if the bucket is public. Requires a location without a fault. */
  urlOf(location: BucketLocation, path: string): string;
  /** @throws {SojournError} `cloud_…`, with no credential in its detail */
  put(upload: Upload): Promise<void>;
}

export interface Cloud {
  readonly name: CloudName;
  readonly bucket: Bucket;
  /** The schema of a target in the API: strict, reports all faults together, fills in defaults. */
  readonly target: z.ZodType<Readonly<Record<string, unknown>>>;
  /** For the page of an invitation. */
  readonly guide: Guide;
  /**
   * The schema of a purpose: fields that replace those of the target, at least one. `widenedFields` checks that they narrow
   * the target.
   */
  readonly purpose: z.ZodType<Readonly<Record<string, unknown>>>;
  /** A fault for each field of a purpose that does not provably narrow the target. Both are validated. */
  widenedFields(target: unknown, purpose: unknown): readonly Fault[];
  /** The schema of set-up options: strict, every field optional. */
  readonly setupOptions: z.ZodType<Readonly<Record<string, unknown>>>;
  /** The schema of a permission set for this cloud in the vendor's configuration. */
  readonly permissionSet: z.ZodType<Readonly<Record<string, unknown>>>;
  /** `target` is validated; a purpose may have replaced some of its fields. */
  destination(target: unknown): Destination;
  /** The error with code and advice for a response of this cloud; exported for the doctor and the tests. */
  explain(response: CloudResponse): SojournError;
  /** The table of `explain`; the first match wins. */
  readonly explanations: readonly Explanation[];
}
