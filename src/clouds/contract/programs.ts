/** The part of a cloud that runs on a client's machine: how the cloud's libraries and tools receive credentials. */
import type { Now } from '../../platform/time/index.ts';
import type { Credentials } from './entry.ts';

/** What an exchange issued, as the members of a format. The format `env` has shell variables, every other is a JSON object. */
export type Format = (issued: Credentials, now: Now) => Readonly<Record<string, unknown>>;

/** A format of `sojourn credentials` that prints the cloud token itself, because the library exchanges it. */
export interface TokenFormat {
  /** What the format is, for the help of the command. */
  readonly description: string;
  /** @param expiresAt milliseconds since the epoch */
  success(token: string, expiresAt: number): object;
  failure(code: string, message: string): object;
}

export interface EndpointError {
  readonly code: string;
  readonly detail: string;
  readonly advice: string;
}

/** `sojourn exec`: the environment of a program in which the cloud's libraries find a local endpoint. */
export interface ExecSupport {
  /** Variables to remove: each selects another identity, and most take precedence over the endpoint. */
  readonly otherIdentities: readonly string[];
  /**
   * The variables of the program.
   * @param file creates a file that only this user can read, and returns its path
   * @param pathOf the path of a file with this name
   * @param issued current credentials
   * @param env the environment of `sojourn exec`
   */
  variables(options: {
    readonly url: string;
    readonly secret: string;
    readonly file: (name: string, content: string) => Promise<string>;
    readonly pathOf: (name: string) => string;
    readonly issued: Credentials;
    readonly env: Readonly<Record<string, string | undefined>>;
  }): Promise<Readonly<Record<string, string>>>;
  /** A command that needs credentials, for the help. */
  readonly example?: string;
  /** The name of a file with an access token, for a tool that cannot use an endpoint. */
  readonly tokenFile?: string;
  readonly endpoint: {
    readonly method: 'GET' | 'POST';
    /** The value that must equal the secret. */
    secretOf(headers: NodeJS.Dict<string | string[]>, body: string): unknown;
    credentials: Format;
    /** The body of an error response. */
    error(error: EndpointError): object;
  };
}

/** A field in the section of the cloud, for a connection of the agent. `file` is a name in the agent's directory. */
export type AgentField =
  | { readonly type: 'flag' }
  | { readonly type: 'file' }
  | { readonly type: 'endpoint' }
  | { readonly type: 'text'; readonly pattern: RegExp; readonly message: string };

export type AgentSettings = Readonly<Record<string, string | boolean | undefined>>;

/** Where a library reads the cloud token: a file, or the agent's endpoint with its `Authorization` header. */
export type TokenSource =
  | { readonly file: string }
  | { readonly url: string; readonly authorization: string };

/** `sojourn agent`: what it caches for a connection, and in which files it writes tokens. */
export interface AgentSupport {
  /** In addition to `token_file`, the file with the cloud token. */
  readonly fields: Readonly<Record<string, AgentField>>;
  cachesCredentials(settings: AgentSettings): boolean;
  /** The format that the cloud's libraries expect if they name none. */
  readonly defaultFormat?: string;
  /** The shortest lifetime of a token in a file, in seconds, and why. */
  readonly tokenLifetime?: { readonly minSeconds: number; readonly reason: string };
  /**
   * By the name of a field of type `file`: what the agent writes to that file.
   * @throws {SojournError} if the token is not for this cloud
   */
  readonly files?: Readonly<
    Record<
      string,
      (connection: string, settings: AgentSettings, token: string, source: TokenSource) => string
    >
  >;
  /** By the name of a field of type `file`: what the agent writes to that file from cached credentials, with no secret in it. */
  readonly credentialsFiles?: Readonly<Record<string, (credentials: Credentials['credentials']) => string>>;
}

/** The fields of a connection, as in the admin API, that a tool needs. */
export interface ToolConnection {
  readonly id: string;
  readonly audience: string;
  readonly target: Readonly<Record<string, unknown>>;
}

export interface ToolOptions {
  /** Command with which the tool starts sojourn. */
  readonly command: string;
  readonly issuer: string | undefined;
  readonly purpose: string | undefined;
  readonly profile: string;
  /** Path of the agent's token file, or of the saved external account. */
  readonly file: string;
}

/** The configuration of a tool that fetches credentials: a profile, a file, or environment variables. */
export interface Tool {
  write(connection: ToolConnection, options: ToolOptions): string;
  /** What to do with the output. */
  nextStep(options: ToolOptions): string;
  /** Whether the tool receives credentials, which a purpose narrows, and not the cloud token. */
  readonly acceptsPurpose?: boolean;
}

/** `sojourn config`. */
export interface ToolSupport {
  readonly tools: Readonly<Record<string, Tool>>;
  readonly terraform: {
    readonly write: Tool['write'];
    /** What Terraform needs in addition to the variables: `the profile from --tool NAME`. */
    readonly prerequisite: string;
  };
  /** Options of the command that only tools of this cloud have. */
  readonly options?: readonly { readonly flags: string; readonly description: string }[];
  /** The extension of the file that the tools read. */
  readonly fileExtension: string;
}

/** `sojourn keys export`: the command of the cloud's CLI that uploads a file to a bucket, with its headers. */
export interface UploadSupport {
  /** The URLs of buckets of this cloud. */
  readonly pattern: RegExp;
  readonly example: string;
  /** @param url the URL of the file in the bucket */
  command(
    local: string,
    url: string,
    headers: { readonly media_type: string; readonly cache_control: string },
  ): readonly string[];
}

/** An option of set-up files in the API and on the command line. `options` of the cloud's set-up validates the value. */
export interface SetupOption {
  /** How the query parameter is written; `list` has commas. An option for `list` or `map` is repeatable. */
  readonly type: 'flag' | 'text' | 'seconds' | 'list' | 'map';
  /** For the API, without a full stop. */
  readonly description: string;
  /** A sentence before the descriptions of all clouds that have an option of this name. */
  readonly introduction?: string;
  /** For the command line. */
  readonly flags: string;
  readonly help: string;
}

export interface Programs {
  /** The display name. */
  readonly title: string;
  /** The formats of credentials besides `json`, by name. */
  readonly formats: Readonly<Record<string, Format>>;
  readonly tokenFormats?: Readonly<Record<string, TokenFormat>>;
  readonly exec?: ExecSupport;
  readonly agent?: AgentSupport;
  readonly config?: ToolSupport;
  readonly upload?: UploadSupport;
  /** By the name of the query parameter. */
  readonly setupOptions?: Readonly<Record<string, SetupOption>>;
}
