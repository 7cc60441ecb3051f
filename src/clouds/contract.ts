/** What a cloud must do. One folder per cloud fulfils this; nothing above knows a cloud's own words. */
import type { z } from 'zod';
import type { Fault, SojournError } from '../platform/errors/index.ts';
import type { Now } from '../platform/time/index.ts';
import type { CloudResponse, Explanation } from './explanation.ts';
import type { Guide } from './guide.ts';
import type { LintResult } from './lint.ts';

export type CloudName = 'aws' | 'azure' | 'gcp';
export type Algorithm = 'RS256' | 'ES256';

/** Where the clouds' own doors are, when not at their public addresses (sandboxes, private endpoints). */
export interface Endpoints {
  readonly aws: {
    /** `{region}` in it stands for the region. */
    readonly sts_endpoint: string | null;
    /** Whether another region of the same geography may be asked when the target's own does not answer. */
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

/** A cloud token just signed for this connection. */
export interface SignedToken {
  readonly token: string;
  readonly jti: string;
}

/** One visit to the cloud. */
export interface CloudRequest {
  readonly connection: string;
  /** Signs a fresh token; called once for the visit, and once more where a cloud says the first one came too late. */
  sign(): Promise<SignedToken>;
  readonly endpoints: Endpoints;
  readonly now: Now;
  /** When the credentials should end at the latest, in milliseconds, as far as the cloud can be told. */
  readonly notAfter?: number | undefined;
  /** Aborts when the time for the whole exchange is over. */
  readonly signal: AbortSignal;
}

/** Short-lived credentials of the customer's cloud. Never logged, never stored, only kept in memory. */
export interface Credentials {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly credentials:
    | { readonly access_key_id: string; readonly secret_access_key: string; readonly session_token: string }
    | { readonly access_token: string; readonly token_type: 'Bearer' };
}

/** Asking a cloud something else than to be let in. */
export type CloudContext = Pick<CloudRequest, 'endpoints' | 'now' | 'signal'>;

/** What was wrong on purpose with a token that the cloud must refuse. */
export type ProbeType = 'subject' | 'audience';

/** What a cloud's answer to such a token proves; an outage proves nothing. */
export type ProbeResult = 'refused' | 'admitted' | 'inconclusive';

/** What to paste into a shell or a console so that a refusal ends. */
export interface Remedy {
  /** The first condition that does not hold, as a name for programs: `issuer_slash`, `session_tags`. */
  readonly condition: string;
  /** What differs, where the cloud said so. */
  readonly detail?: string;
  /** A command or a document, whole. */
  readonly fix?: string;
}

/** What a set-up artefact must say, byte for byte as in the token. */
export interface SetupFacts {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly connection: { readonly id: string; readonly name: string };
  /** The vendor's name for people, shown in descriptions. */
  readonly vendor: string;
  /** The public keys that its tokens may be signed with, the ones to come among them; only where they are `uploaded`. */
  readonly jwks?: readonly UploadedKey[];
  /** Where the files report the ids that come of them: a URL that takes a POST. Without it they report nothing. */
  readonly callback?: string;
  /** What the customer wants otherwise; has passed the cloud's `setupOptions`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The permission sets that were chosen, by their names; each has passed the cloud's `permissionSet`. */
  readonly permissions?: Readonly<Record<string, unknown>>;
  /** More connections of the same customer to the same cloud, which the same files set up. */
  readonly additional?: readonly { readonly target: unknown; readonly facts: SetupFacts }[];
}

/** Members of a public JWK that every cloud takes: kty, alg, use, kid, and n and e, or crv, x and y. */
export type UploadedKey = Readonly<Record<string, string>>;

/** A file that the customer applies in their own account. */
export interface SetupFile {
  /** File name, also the last path segment of its URL. */
  readonly name: string;
  readonly mediaType: string;
  /** One line for people: what it is and how it is applied. */
  readonly title: string;
  readonly content: string;
  /** A console of the cloud reads it from a public address, where it has one. */
  readonly publiclyReadable?: boolean;
}

/** Where a file that is `published` can be read, by the name of the file. */
export type PublicFiles = ReadonlyMap<string, PublicFile>;

export interface PublicFile {
  readonly url: string;
  /** Of its content, in hex. */
  readonly sha256: string;
}

/** What the advice after a leak is about. */
export interface LeakFacts extends SetupFacts {
  /** RFC 3339: what was given before may be in foreign hands. */
  readonly compromisedBefore: string;
}

/** What a customer must know and do when a signing key of the issuer may be in foreign hands. */
export interface LeakAdvice {
  /** How long the cloud goes on trusting a key that has left the JWKS, for people. */
  readonly trustedFor: string;
  /** In this order; none while nothing is set up in the cloud yet. */
  readonly steps: readonly LeakStep[];
}

export interface LeakStep {
  readonly instruction: string;
  /** The command for it, where there is one. */
  readonly command?: string;
}

/** A connection's target, seen by the corridors. */
export interface Destination {
  readonly audience: string;
  /** What the cloud accepts, the preferred one first. */
  readonly algorithms: readonly Algorithm[];
  /** Claims beside the standard ones (AWS session tags and source identity). */
  readonly claims: Readonly<Record<string, unknown>>;
  /**
   * Life in seconds that the token should have, where the cloud cuts its credentials to it; whatever the connection
   * sets for itself goes first, and without either the server decides.
   */
  readonly tokenSeconds?: number;
  /** Fields of the target that must be filled before `enter` makes sense; empty when complete. */
  readonly missingFields: readonly string[];
  /** The customer uploads the keys to the cloud, which fetches none: no key may sign before that was done. */
  readonly uploadsKeys?: boolean;
  /** Trades the token; rejects with SojournError `cloud_…`, whose detail holds no token and no secret. */
  exchange(visit: CloudRequest): Promise<Credentials>;
  /** Who the pass belongs to, in words; rejects with `cloud_identity_mismatch` when that is not whom the target names. */
  identify(pass: Credentials, inquiry: CloudContext): Promise<string>;
  /** An audience that tokens of the same issuer have elsewhere, and that this cloud must not take. */
  readonly wrongAudience: string;
  /** What it proves that a probe ended so; without an error it was let in. */
  interpretProbe(kind: ProbeType, error: SojournError | undefined): ProbeResult;
  /** For how many seconds a change of trust may take to arrive everywhere, and whether a refusal can come of that. */
  readonly propagation: { readonly seconds: number; may(error: SojournError): boolean };
  /** What mends a refusal, or shuts a door that a probe found open. */
  remedy(facts: SetupFacts, error: SojournError): Remedy;
  fix(facts: SetupFacts, kind: ProbeType): Remedy;
  /** The same target without what asks for more than entry, when it has any: which of both was refused is told by it. */
  readonly withoutOptions?: Readonly<Record<string, unknown>>;
  /** Judges a document of the customer's cloud; throws `invalid_request` when it is none that decides who is let in. */
  lint(facts: SetupFacts, document: unknown): LintResult;
  /** Throws `invalid_request` for options that do not go with the target or with each other. */
  setup(facts: SetupFacts): readonly SetupFile[];
  /** The ways that begin with a click; what is not `published` is left out of them. */
  links(facts: SetupFacts, published: PublicFiles): readonly SetupFile[];
  leakAdvice(facts: LeakFacts): LeakAdvice;
}

/** A place in a cloud's object store, as the configuration names it. */
export interface BucketLocation {
  /** `s3://BUCKET/PREFIX` and its like. */
  readonly to: string;
  readonly region?: string | undefined;
  /** In place of the cloud's public address. */
  readonly endpoint?: string | undefined;
}

/** One document on its way into a bucket. */
export interface Upload {
  readonly location: BucketLocation;
  /** Below the place, without a leading slash; letters, digits, `.`, `-`, `_` and `/` only. */
  readonly path: string;
  readonly body: string;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly credentials: Credentials;
  readonly now: Now;
  /** Aborts when the time for this document, further tries included, is over. */
  readonly signal: AbortSignal;
}

/** The cloud's object store, where documents are put that verifiers read. */
export interface Bucket {
  /** Whether a place of this form is one of this cloud. */
  accepts(to: string): boolean;
  /** What is wrong with a place that it takes, in words that follow its name. */
  faultOf(place: BucketLocation): { readonly field: string; readonly message: string } | undefined;
  /** Where the document is: the public address too, for whoever the bucket lets read. `place` has no `fault`. */
  urlOf(place: BucketLocation, path: string): string;
  /** Rejects with `cloud_…`, whose detail holds no credential. */
  put(deposit: Upload): Promise<void>;
}

export interface Cloud {
  readonly name: CloudName;
  readonly bucket: Bucket;
  /** The target as the API takes it: strict, every field checked, all faults at once, defaults filled in. */
  readonly target: z.ZodType<Readonly<Record<string, unknown>>>;
  /** For the page of an invitation. */
  readonly guide: Guide;
  /**
   * What a purpose may say: fields of the target, whose place they take. It says something, or it is refused; whether it
   * is narrower, `widening` tells.
   */
  readonly purpose: z.ZodType<Readonly<Record<string, unknown>>>;
  /** The fields of a purpose that are not proven to narrow the target; both have passed their schemas. */
  widenedFields(target: unknown, purpose: unknown): readonly Fault[];
  /** What may be asked of the set-up files: strict, every field optional. */
  readonly setupOptions: z.ZodType<Readonly<Record<string, unknown>>>;
  /** What a permission set of the vendor's configuration grants in this cloud. */
  readonly permissionSet: z.ZodType<Readonly<Record<string, unknown>>>;
  /** `target` has passed the schema; a purpose may have taken the place of some fields. */
  destination(target: unknown): Destination;
  /** The documented code and advice for an answer of this cloud; public for the doctor and the tests. */
  explain(answer: CloudResponse): SojournError;
  /** The table behind `explain`, read from the top. */
  readonly explanations: readonly Explanation[];
}
