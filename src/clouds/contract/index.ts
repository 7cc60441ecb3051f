/** The interface of a cloud. Each cloud implements it in its own folder; no other area contains details of a cloud. */
import type { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import type { Shape } from '../../platform/settings/index.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Entry } from './entry.ts';
import type { TableImport } from './import.ts';
import type { ObjectStore } from './object-store.ts';
import type { Format } from './programs.ts';
import type { SetUp } from './set-up.ts';

export type * from './diagnosis.ts';
export type * from './entry.ts';
export type * from './established.ts';
export type { Guide, LabeledValue, ReportField, SetupMethod, Step } from './guide.ts';
export type * from './import.ts';
export type * from './object-store.ts';
export type { Format } from './programs.ts';
export type * from './set-up.ts';

export interface Purposes {
  /** The schema of a purpose: fields that replace those of the target, at least one. */
  readonly schema: z.ZodType<Readonly<Record<string, unknown>>>;
  /** A fault for each field of a purpose that does not provably narrow the target. Both are validated. */
  widenedFields(target: unknown, purpose: unknown): readonly Fault[];
}

export interface Principal {
  readonly field: string;
  /** Unique among all clouds. */
  readonly id: string;
  /** Whether the target declares that customers share it: it has `sharedPrincipalFields`. */
  readonly isShared: boolean;
  /** Whether only one tenant may name it, because nothing else separates tenants there. */
  readonly isExclusive?: boolean;
}

/** Callers take the part that they need. The exchange needs only the entry; the optional parts may be missing. */
export interface Cloud {
  /** The configuration keys `clouds.NAME`: endpoints that replace the public ones (sandboxes, private endpoints). */
  readonly settings: Shape;
  /** The schema of a target in the API: strict, reports all faults together, fills in defaults. */
  readonly target: z.ZodType<Readonly<Record<string, unknown>>>;
  /** `target` is validated; a purpose may have replaced some of its fields. */
  entry(target: unknown): Entry;
  /** Formats of credentials that depend on the target, besides those of its programs. */
  formats?(target: unknown, subject: string): Readonly<Record<string, Format>>;
  /** Whether it stores a fingerprint of the issuer's TLS certificate, so that the customer must act before that changes. */
  readonly pinsCertificate?: boolean;
  /** What the vendor must know before using it: what is not verified, and dangers. */
  readonly notes?: readonly string[];
  /** The principal that a target names, where several connections can name the same one. */
  principal?(target: unknown): Principal | undefined;
  /** What the cloud probably refuses although every field is valid; a purpose may have replaced some fields. */
  warnings?(target: unknown): readonly string[];
  readonly purposes?: Purposes;
  readonly setUp?: SetUp;
  readonly diagnosis?: Diagnosis;
  readonly objectStore?: ObjectStore;
  readonly tableImport?: TableImport;
}
