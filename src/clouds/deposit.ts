/** Putting one document into an object store by HTTP: what is alike for all three, whose errors are XML. */
import type { SojournError } from '../platform/errors/index.ts';
import { type OutboundResponse, send } from '../platform/outbound/index.ts';
import { refusalHead } from './ask.ts';
import type { CloudResponse } from './explanation.ts';
import { withRetries } from './retry.ts';

/** The step of every answer to a deposit, by which its rows in the tables are found. */
export const uploadStep = 'bucket';

/** Rejects with what `explain` makes of a refusal, `cloud_timeout` or `cloud_unavailable`. */
export function putObject(
  request: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly signal: AbortSignal;
  },
  explain: (answer: CloudResponse) => SojournError,
): Promise<void> {
  return withRetries(async () => {
    const answer = await send({ method: 'PUT', ...request });
    if (answer.status < 200 || answer.status > 299) throw explain(read(answer));
  }, request.signal);
}

/** `https://host/a b/` and `c` make `https://host/a%20b/c`: each segment is encoded by itself. */
export const objectUrl = (base: string, ...parts: readonly string[]): string =>
  [
    base.replace(/\/+$/, ''),
    ...parts.flatMap((part) => part.split('/')).filter((part) => part !== ''),
  ].reduce((url, segment) => `${url}/${encodeURIComponent(segment)}`);

/** S3, GCS and Azure all say `<Error><Code>…</Code><Message>…</Message>`; a redirect is an answer without one. */
function read(answer: OutboundResponse): CloudResponse {
  const member = (name: string) =>
    new RegExp(`<${name}>([^<]{0,2000})</${name}>`).exec(answer.body)?.[1]?.trim() ?? '';
  return {
    ...refusalHead(answer),
    step: uploadStep,
    code: member('Code'),
    message: member('Message'),
  };
}
