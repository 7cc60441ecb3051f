/** How a service receives a token and answers, as data: what `golden.ts` states of each. */
import type { Reason } from './evaluate.ts';

export interface Golden {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** How the token arrives: as a bearer token, or in a member of the body, or of one member of it. */
  readonly token:
    | { readonly in: 'bearer' }
    | { readonly in: 'form' | 'json'; readonly parameter: string; readonly within?: string };
  /** Members of the body, query and headers that must have exactly this value. */
  readonly fixed?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | RegExp>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the body that must equal a parameter of the trust, where the trust has it. */
  readonly parameters?: readonly string[];
  /** Further members of the body. */
  readonly optional?: readonly string[];
  /** A claim that must contain a parameter of the trust. */
  readonly claim?: string;
  /** Whether a jti is accepted once. */
  readonly singleUse?: boolean;
  /** False if any subject is accepted. */
  readonly checksSubject?: boolean;
  /** The request that ends the session of a log-in, and the header that names the session. */
  readonly signOut?: {
    readonly path: string;
    readonly query: string;
    header(secret: string): string;
    readonly answer: string;
  };
  readonly type: 'application/json' | 'text/xml';
  issue(issued: Issued): string;
  refuse(reason: Reason | 'request' | 'parameter'): readonly [status: number, body: string];
}

export interface Issued {
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly body: Readonly<Record<string, string>>;
  readonly path: string;
}
