/** What /token answers to a refused caller, and what only the operator sees. */
import { errors } from 'oidc-provider';
import type { Audit } from '../../platform/audit/index.ts';
import { errorTable, SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { recordRefused } from './record.ts';
import type { Progress } from './token-request.ts';

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: string; readonly error_description: string };
  /** For the audit. */
  readonly reason: string;
  /** Whether the request was refused without an authenticated client: what any caller can cause. */
  readonly unauthenticated: boolean;
}

/** The answer to a request that has failed, once it is in the audit. */
export async function refuse(
  { audit, logger }: { readonly audit: Audit; readonly logger: Logger },
  progress: Progress,
  error: unknown,
  clientFound: boolean,
): Promise<Refusal> {
  const { context, parameters } = progress.request;
  const withAssertion = parameters.has('client_assertion');
  const refusal = refusalOf(error, { authenticated: clientFound, withAssertion });
  if (refusal.status >= 500)
    logger.error(
      { err: error, code: codeOf(error), request_id: context.request_id },
      'a token request failed',
    );
  // The limits record a flood themselves, once.
  if (error instanceof SojournError && error.code === 'rate_limited') return refusal;
  try {
    const authenticated = clientFound && refusal.status !== 401;
    await recordRefused(audit, progress, { ...refusal, authenticated });
    return refusal;
  } catch (failure) {
    return refusalOf(failure, { authenticated: clientFound, withAssertion });
  }
}

const codeOf = (error: unknown): string => (error instanceof SojournError ? error.code : 'internal');

type Answer = Omit<Refusal, 'unauthenticated'>;

/** `authenticated`: whether the request named a client that exists. */
function refusalOf(error: unknown, facts: { authenticated: boolean; withAssertion: boolean }): Refusal {
  const answer = answerTo(error, facts);
  const authenticated = facts.authenticated && answer.status !== 401;
  return { ...answer, unauthenticated: answer.status < 500 && !authenticated };
}

function answerTo(error: unknown, facts: { authenticated: boolean; withAssertion: boolean }): Answer {
  if (error instanceof SojournError) return ours(error);
  if (error instanceof errors.OIDCProviderError && error.statusCode < 500) {
    // The engine distinguishes a malformed assertion from a forged one, and an id with impossible characters from an
    // unknown one. The caller must not.
    const aboutClient =
      error.statusCode === 401 ||
      error instanceof errors.InvalidClientMetadata ||
      (!facts.authenticated && facts.withAssertion);
    return aboutClient
      ? { ...ours(new SojournError('invalid_client')), reason: reasonOf(error) }
      : theirs(error);
  }
  return { ...ours(new SojournError('internal')), reason: reasonOf(error) };
}

function ours(error: SojournError): Answer {
  const { oauth = 'server_error' } = errorTable[error.code] as { oauth?: string };
  return {
    status: error.status,
    headers: error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) },
    body: { error: oauth, error_description: `${error.message} ${error.advice}` },
    reason: `${error.code}: ${reasonOf(error.cause ?? error)}`,
  };
}

function theirs(error: errors.OIDCProviderError): Answer {
  return {
    status: error.statusCode,
    headers: {},
    body: { error: error.error, error_description: error.error_description ?? error.error },
    reason: reasonOf(error),
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { error_detail: detail } = error as { error_detail?: unknown };
  const { error_description: description } = error as { error_description?: unknown };
  return [error.message, description, detail]
    .filter((part) => typeof part === 'string' && part !== '')
    .join(': ')
    .slice(0, 300);
}
