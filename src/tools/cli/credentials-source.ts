/** The source of credentials: the server, or an agent on this machine that caches them. */

import { systemNow } from '../../platform/time/index.ts';
import { fetchFromAgent } from '../loopback/index.ts';
import type { Sojourn } from '../sdk/index.ts';
import { createClient } from './client.ts';
import { type OptionSpec, type ParsedArguments, type Terminal, text } from './command.ts';
import { usageError } from './failure.ts';

export const agentOption: OptionSpec = {
  flags: '--agent <directory>',
  description: 'use the agent with this directory instead of signing in (SOJOURN_AGENT_DIRECTORY)',
};

export type CredentialsSource = Pick<Sojourn, 'token' | 'formattedCredentials'>;

/** A configured agent that does not answer is an error. There is no fallback to the server: it may not be intended. */
export function createSource(args: ParsedArguments, terminal: Terminal): CredentialsSource {
  const directory = text(args, 'agent') ?? (terminal.env.SOJOURN_AGENT_DIRECTORY || undefined);
  if (directory === undefined) return createClient(args, terminal);
  const hasSignInOptions = ['issuer', 'workloadTokenFile'].some((name) => text(args, name) !== undefined);
  if (hasSignInOptions)
    throw usageError(
      '--issuer and --workload-token-file cannot be combined with an agent: the agent signs in.',
    );
  return agentSource(directory);
}

const agentSource = (directory: string): CredentialsSource => ({
  formattedCredentials(connection, format, { purpose } = {}) {
    const query = new URLSearchParams({ format, ...(purpose === undefined ? {} : { purpose }) });
    return fetchFromAgent(directory, `/v1/credentials/${encodeURIComponent(connection)}?${query}`);
  },
  async token(connection) {
    const body = await fetchFromAgent(directory, `/v1/token/${encodeURIComponent(connection)}`);
    const { access_token: token, expires_in } = JSON.parse(body) as Record<'access_token', string> &
      Record<'expires_in', number>;
    return { token, expiresAt: new Date(systemNow() + expires_in * 1000) };
  },
});
