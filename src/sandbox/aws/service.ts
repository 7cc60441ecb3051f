/** The interface of a service, and the input of its actions. */
import type { SandboxRequest, SandboxRuntime } from '../contract.ts';
import type { IssuerCache } from '../issuer-cache.ts';
import type { Account, Accounts } from './accounts.ts';
import type { Principal } from './authenticate.ts';
import type { Params } from './query.ts';
import type { Bucket } from './s3/buckets.ts';
import type { Sessions } from './sessions.ts';
import type { XmlValue } from './xml.ts';

export interface CloudState {
  readonly runtime: SandboxRuntime;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  /** By name. */
  readonly buckets: Map<string, Bucket>;
  readonly issuers: IssuerCache;
}

export interface Call extends CloudState {
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
  /** For the owner of the account only. */
  readonly actions: Readonly<Record<string, (call: OwnCall) => Result>>;
  /** For every authenticated principal, including sessions. */
  readonly forAnyPrincipal?: Readonly<Record<string, (call: Call, principal: Principal) => Result>>;
  /** Without a signature: the token in the request is the credential. */
  readonly unsigned?: Readonly<Record<string, (call: Call) => Result>>;
}
