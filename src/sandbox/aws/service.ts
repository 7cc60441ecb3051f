/** What a service of this AWS is made of, and what its actions are given. */
import type { SandboxRequest, SandboxWorld } from '../contract.ts';
import type { IssuerCache } from '../issuer-cache.ts';
import type { Account, Accounts } from './accounts.ts';
import type { Caller } from './authenticate.ts';
import type { Params } from './query.ts';
import type { Bucket } from './s3/buckets.ts';
import type { Sessions } from './sessions.ts';
import type { XmlValue } from './xml.ts';

export interface Estate {
  readonly world: SandboxWorld;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  /** By name. */
  readonly buckets: Map<string, Bucket>;
  readonly issuers: IssuerCache;
}

export interface Call extends Estate {
  readonly params: Params;
  readonly request: SandboxRequest;
}

/** A call that an account signed. */
export interface OwnCall extends Call {
  readonly account: Account;
  readonly region: string;
}

type Result = XmlValue | Promise<XmlValue>;

export interface Service {
  /** The prefix of its actions in policies and in the log. */
  readonly name: string;
  readonly version: string;
  readonly namespace: string;
  /** Only for the owner of the account. */
  readonly actions: Readonly<Record<string, (call: OwnCall) => Result>>;
  /** For whoever signs, sessions included. */
  readonly forAnyCaller?: Readonly<Record<string, (call: Call, caller: Caller) => Result>>;
  /** Not signed at all: the token in it is the proof. */
  readonly unsigned?: Readonly<Record<string, (call: Call) => Result>>;
}
