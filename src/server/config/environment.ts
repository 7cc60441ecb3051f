/** The environment: every key as a variable, and the few variables that are no key. */
import type { Fault } from '../../platform/errors/index.ts';
import { nearest } from './nearest.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The one place that looks at it. */
export const environment = (): Environment => process.env;

/** Read by the command line, or a secret that no file should hold. */
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
 * Kubernetes puts such variables into every pod for a service called `sojourn` or `sojourn-…` (kubernetes.io, "Accessing
 * the Service", environment variables): nobody wrote them, so nobody can correct them.
 */
const serviceLink =
  /^SOJOURN(_[A-Z0-9]+)*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** An empty variable counts as absent, as most tools that pass variables on mean it. */
export const variableIn = (env: Environment, name: string): string | undefined => env[name] || undefined;

/**
 * The value a variable's text stands for: `initial` tells the form. Lists are JSON or separated by commas, sections with
 * names of the file's own are JSON; `null` is nothing.
 */
export function fromText(text: string, initial: unknown): unknown {
  if (text === 'null') return null;
  if (Array.isArray(initial)) return parsed(text, '[') ?? text.split(',').map((item) => item.trim());
  if (typeof initial === 'object') return parsed(text, '{') ?? text;
  if (typeof initial === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}

/** Undefined where the text does not begin as JSON of that kind does, or is none. */
function parsed(text: string, opening: '[' | '{'): unknown {
  if (!text.startsWith(opening)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Those of the agent, which may run with the environment of the server, or the server with its. */
const agentPrefix = 'SOJOURN_AGENT_';

/** A fault for each variable that begins as ours do and is none of `known`. */
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
      const meant = nearest(path, all);
      return { path, message: `is not known here${meant ? `; did you mean ${meant}?` : ''}` };
    });
}
