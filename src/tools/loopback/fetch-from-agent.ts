/** Requests to a running agent. Its directory holds the address and the token, readable only by its owner. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, errorTable, SojournError } from '../../platform/errors/index.ts';
import { send } from '../../platform/outbound/index.ts';

/** The files in which the agent publishes its address and its token. */
export const agentFiles = { endpoint: 'endpoint', authorization: 'authorization' } as const;

const deadlineMs = 2_000;
/** Enough for the status of 100,000 connections. */
const maxBytes = 64 * 1024 * 1024;

/** The body of a 200 response. Rejects with `agent_unreachable`, or with the agent's error. */
export async function fetchFromAgent(directory: string, path: string): Promise<string> {
  // In sequence, so that the error names the same file each time if both are missing.
  const origin = await read(directory, agentFiles.endpoint);
  const authorization = await read(directory, agentFiles.authorization);
  // The token must not leave this machine, so any other address is rejected.
  if (!/^http:\/\/(127\.\d+\.\d+\.\d+|\[::1\]):\d+$/.test(origin))
    throw unreachable(`${join(directory, agentFiles.endpoint)} does not contain a loopback address.`);
  const { status, body } = await send({
    method: 'GET',
    url: origin + path,
    headers: { authorization, accept: 'application/problem+json' },
    signal: AbortSignal.timeout(deadlineMs),
    maxBytes,
  }).catch((cause: unknown) => {
    throw unreachable(`No agent answers at ${origin}.`, cause);
  });
  if (status === 200) return body;
  throw parseProblem(body) ?? unreachable(`The program at ${origin} is not an agent.`);
}

async function read(directory: string, name: string): Promise<string> {
  const file = join(directory, name);
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw unreachable(`${file} cannot be read (${cause.code}).`, cause);
  });
}

const unreachable = (detail: string, cause?: unknown) =>
  new SojournError('agent_unreachable', { detail, cause });

/** The agent's problem document (RFC 9457). */
function parseProblem(body: string): SojournError | undefined {
  try {
    const { code, detail, advice } = JSON.parse(body) as Record<string, unknown>;
    if (typeof detail === 'string' && typeof advice === 'string' && Object.hasOwn(errorTable, String(code)))
      return new SojournError(code as ErrorCode, { detail, advice });
  } catch {
    // Not JSON: another program listens there.
  }
  return undefined;
}
