/** Asking a running agent, which is found by its directory: only its owner can read where it is and what opens it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, errorTable, SojournError } from '../../platform/errors/index.ts';
import { send } from '../../platform/outbound/index.ts';

/** What the agent writes into its directory about itself. */
export const agentFiles = { endpoint: 'endpoint', authorization: 'authorization' } as const;

const deadlineMs = 2_000;
/** The status of 100,000 connections. */
const maxBytes = 64 * 1024 * 1024;

/** The body of a 200 at this path. Rejects with `agent_unreachable`, or with what the agent says. */
export async function askAgent(directory: string, path: string): Promise<string> {
  // One after the other, so that of two that are missing the first is always the one that is told.
  const origin = await read(directory, agentFiles.endpoint);
  const authorization = await read(directory, agentFiles.authorization);
  // Whatever else stands in the file: what opens the agent stays on this machine.
  if (!/^http:\/\/(127\.\d+\.\d+\.\d+|\[::1\]):\d+$/.test(origin))
    throw unreachable(`${join(directory, agentFiles.endpoint)} holds no address of loopback.`);
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
  throw problemIn(body) ?? unreachable(`What answers at ${origin} is no agent.`);
}

async function read(directory: string, name: string): Promise<string> {
  const file = join(directory, name);
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw unreachable(`${file} cannot be read (${cause.code}).`, cause);
  });
}

const unreachable = (detail: string, cause?: unknown) =>
  new SojournError('agent_unreachable', { detail, cause });

/** The agent's own sentence and advice (RFC 9457). */
function problemIn(body: string): SojournError | undefined {
  try {
    const { code, detail, advice } = JSON.parse(body) as Record<string, unknown>;
    if (typeof detail === 'string' && typeof advice === 'string' && Object.hasOwn(errorTable, String(code)))
      return new SojournError(code as ErrorCode, { detail, advice });
  } catch {
    // Somebody else listens there.
  }
  return undefined;
}
