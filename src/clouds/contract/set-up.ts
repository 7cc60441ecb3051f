/** The part of a cloud that a customer's set-up needs: files, links, the texts of the page, and advice after a leak. */
import type { z } from 'zod';
import type { EstablishedConnection } from './established.ts';
import type { Guide } from './guide.ts';

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
  /** Set-up options of the customer, validated with the cloud's `options`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The chosen permission sets by name, each validated with the cloud's `permissionSet`. */
  readonly permissions?: Readonly<Record<string, unknown>>;
  /** Additional connections of the same customer to the same cloud, set up by the same files. */
  readonly additional?: readonly { readonly target: unknown; readonly facts: SetupFacts }[];
  /** Connections of the same tenant to the same cloud, under the same issuer, that were active before this one. */
  readonly established?: readonly EstablishedConnection[];
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

/** Every `target` is validated with the schema of the cloud. */
export interface SetUp {
  /** For the page of an invitation. */
  readonly guide: Guide;
  /** The schema of set-up options: strict, every field optional. */
  readonly options: z.ZodType<Readonly<Record<string, unknown>>>;
  /** The schema of a permission set for this cloud in the vendor's configuration. */
  readonly permissionSet: z.ZodType<Readonly<Record<string, unknown>>>;
  /** @throws {SojournError} `invalid_request` for options that conflict with the target or each other */
  files(target: unknown, facts: SetupFacts): readonly SetupFile[];
  /** Links to the cloud's console. Links that need a file that is not publicly readable are omitted. */
  links(target: unknown, facts: SetupFacts, files: PublicFiles): readonly SetupFile[];
  leakAdvice(target: unknown, facts: LeakFacts): LeakAdvice;
}
