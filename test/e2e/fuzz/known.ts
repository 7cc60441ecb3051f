/** The answers that a refused request may get; any other answer is a finding. */
import { errorTable } from '../../../src/platform/errors/index.ts';
import type { Answer } from './wire.ts';

const statuses = new Set([400, 401, 404, 405, 408, 413, 415, 417, 429, 431, 503]);
const oauthErrors = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_target',
  'invalid_scope',
  'unsupported_grant_type',
  'unauthorized_client',
  'temporarily_unavailable',
]);
/** What a sentence quotes: the name of a parameter. */
const quoted = /\b(The parameter|parameter\(s\)) (\(unreadable name\)|[a-z_]{1,40})/;

/** Undefined for a known answer; otherwise what is strange about it. */
export function strangeness({ status, contentType, body }: Answer, headOnly: boolean): string | undefined {
  // The connection was cut, or node itself has refused what is no HTTP.
  if (status === 0) return undefined;
  if (!statuses.has(status)) return `status ${status}`;
  if (headOnly || (body === '' && [400, 408, 413, 417, 431].includes(status))) return undefined;
  let members: Record<string, unknown>;
  try {
    members = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return `${status} with a body that is no JSON`;
  }
  const shape = Object.keys(members).toSorted().join();
  if (contentType === 'application/problem+json')
    return Object.hasOwn(errorTable, String(members.code)) &&
      shape === 'advice,code,detail,request_id,status,title,type' &&
      members.status === status
      ? undefined
      : `a problem of the shape ${shape}`;
  return contentType === 'application/json' &&
    oauthErrors.has(String(members.error)) &&
    shape === 'error,error_description'
    ? undefined
    : `${status} ${contentType} of the shape ${shape}, error ${String(members.error)}`;
}

/** The sentence without what it quotes, to be counted. */
export function sentenceOf({ status, body }: Answer): string {
  const found = /"(?:error_description|detail)":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? '(none)';
  return `${status} ${found.replace(quoted, '$1 …')}`;
}
