/** Asking a running agent, as its own commands do. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentConfig } from '../config/index.ts';
import { SojournError } from '../errors/index.ts';
import { send } from '../outbound/index.ts';
import { authorizationFile } from './agent.ts';

const deadlineMs = 2_000;

/** The body of a 200 at this path. Rejects with `agent_unreachable`, or with what the agent says. */
export async function askAgent(
  { listen, directory }: Pick<AgentConfig, 'listen' | 'directory'>,
  path: string,
): Promise<string> {
  const file = join(directory, authorizationFile);
  const authorization = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new SojournError('agent_unreachable', { detail: `${file} cannot be read (${cause.code}).`, cause });
  });
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const url = `http://${host}:${listen.port}${path}`;
  const signal = AbortSignal.timeout(deadlineMs);
  const { status, body } = await send({
    method: 'GET',
    url,
    headers: { authorization },
    signal,
    maxBytes: 64 * 1024 * 1024,
  }).catch((cause: unknown) => {
    throw new SojournError('agent_unreachable', { detail: `No agent answers at ${url}.`, cause });
  });
  if (status === 200) return body;
  throw new SojournError(status === 403 ? 'agent_forbidden' : 'agent_not_ready', {
    detail: sentenceIn(body),
  });
}

function sentenceIn(body: string): string {
  try {
    const { Message } = JSON.parse(body) as { Message?: unknown };
    if (typeof Message === 'string') return Message;
  } catch {
    // Told below.
  }
  return 'What answers there is no agent.';
}
