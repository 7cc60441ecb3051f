/** Who may ask the agent: who comes from where they may, and shows what its file `authorization` holds. */
import type { IncomingMessage } from 'node:http';
import { knows, type Outsider, outsiderTo } from '../loopback/index.ts';

export type Stranger = Outsider | 'token';

/** What is wrong with the request, undefined when it may go on. */
export type Guard = (request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>) => Stranger | undefined;

/** @param token what `Authorization` must hold */
export function createGuard(origin: string, token: string): Guard {
  const outsider = outsiderTo(origin);
  const isToken = knows(token);
  return (request) => outsider(request) ?? (isToken(shown(request)) ? undefined : 'token');
}

/** The SDKs of AWS send the bare content of the file, Prometheus sends it as Bearer. Two of them are none. */
function shown({ headers, rawHeaders }: Parameters<Guard>[0]): string | undefined {
  const times = rawHeaders.filter((name, index) => index % 2 === 0 && /^authorization$/i.test(name)).length;
  return times === 1 ? headers.authorization?.replace(/^Bearer /i, '') : undefined;
}
