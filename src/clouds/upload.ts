/** Uploads a document to an object store: the part common to all three clouds, whose errors are XML. */
import type { SojournError } from '../platform/errors/index.ts';
import { type OutboundResponse, send } from '../platform/outbound/index.ts';
import type { CloudResponse } from './explanation.ts';
import { type ApiError, refusalOf } from './request.ts';
import { withRetries } from './retry.ts';

/** The `step` of every response to an upload, which its rows in the tables match. */
export const uploadStep = 'bucket';

/** @throws {SojournError} the error of `explain`, `cloud_timeout` or `cloud_unavailable` */
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
    if (answer.status < 200 || answer.status > 299)
      throw refusalOf(
        answer,
        { host: new URL(request.url).host, step: uploadStep, error: errorIn(answer) },
        explain,
      );
  }, request.signal);
}

/** `https://host/a b/` and `c` result in `https://host/a%20b/c`: each segment is encoded separately. */
export const objectUrl = (base: string, ...parts: readonly string[]): string =>
  [
    base.replace(/\/+$/, ''),
    ...parts.flatMap((part) => part.split('/')).filter((part) => part !== ''),
  ].reduce((url, segment) => `${url}/${encodeURIComponent(segment)}`);

/** S3, GCS and Azure answer `<Error><Code>…</Code><Message>…</Message>`; a redirect has no such body. */
function errorIn(answer: OutboundResponse): ApiError {
  const member = (name: string) =>
    new RegExp(`<${name}>([^<]{0,2000})</${name}>`).exec(answer.body)?.[1]?.trim() ?? '';
  return { code: member('Code'), message: member('Message') };
}
