/** Environment variables: one per key, and a few others. */
import type { Fault } from '../../platform/errors/index.ts';
import { nearest } from './nearest.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** No other module reads process.env. */
export const environment = (): Environment => process.env;

/** Variables of the command line, and secrets that no file should contain. */
const notKeys = [
  'SOJOURN_ADMIN_TOKEN',
  'SOJOURN_ADMIN_URL',
  'SOJOURN_CLIENT_ID',
  'SOJOURN_CLIENT_KEY_FILE',
  'SOJOURN_CLIENT_SECRET',
  'SOJOURN_CLIENT_SECRET_FILE',
  'SOJOURN_CONFIG',
  'SOJOURN_WORKLOAD_TOKEN_FILE',
];

/**
 * Kubernetes sets such variables in every pod for a service named `sojourn` or `sojourn-…` (kubernetes.io, "Accessing
 * the Service", environment variables). They are ignored, because the operator did not set them.
 */
const serviceLink =
  /^SOJOURN(_[A-Z0-9]+)*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** An empty variable counts as absent, which is what most tools mean when they forward one. */
export const variableIn = (env: Environment, name: string): string | undefined => env[name] || undefined;

/**
 * Parses the text of a variable by the type of `initial`, the default. Lists are JSON or separated by commas, sections
 * with names chosen by the operator are JSON, and `null` means no value.
 */
export function fromText(text: string, initial: unknown): unknown {
  if (text === 'null') return null;
  if (Array.isArray(initial)) return parsed(text, '[') ?? text.split(',').map((item) => item.trim());
  if (typeof initial === 'object') return parsed(text, '{') ?? text;
  if (typeof initial === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}

/** Undefined if the text does not begin with `opening` or is not valid JSON. */
function parsed(text: string, opening: '[' | '{'): unknown {
  if (!text.startsWith(opening)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Variables of the agent. Agent and server may share an environment, so each ignores the other's. */
const agentPrefix = 'SOJOURN_AGENT_';

/** One fault for each variable with the prefix that is not in `known`. */
export function unknownVariables(
  env: Environment,
  known: readonly string[],
  prefix: 'SOJOURN_' | typeof agentPrefix = 'SOJOURN_',
): Fault[] {
  const all = [...known, ...notKeys];
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && name.startsWith(agentPrefix) === (prefix === agentPrefix))
    .filter((name) => !all.includes(name) && !serviceLink.test(name))
    .map((path) => {
      const suggestion = nearest(path, all);
      return { path, message: `is unknown${suggestion ? `; did you mean ${suggestion}?` : ''}` };
    });
}
