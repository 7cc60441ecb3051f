/** What makes a cloud reject the response for a discovery document or a JWKS. */
import { deadlineMs, type Fetched } from './fetch.ts';

export type Members = Readonly<Record<string, unknown>>;

export type DocumentFault =
  | { readonly type: 'no_answer'; readonly reason: string; readonly code?: string }
  | { readonly type: 'slow'; readonly ms: number }
  | { readonly type: 'status'; readonly status: number; readonly location: string | undefined }
  | { readonly type: 'content_type'; readonly contentType: string | undefined }
  | { readonly type: 'no_object' };

/** The document, unless it cannot be read, and every fault of the response. */
export function readDocument({ answer, ms, fault }: Fetched): {
  document?: Members;
  faults: readonly DocumentFault[];
} {
  if (!answer) return { faults: [{ type: 'no_answer', reason: 'no answer', ...fault }] };
  const { status, headers, body } = answer;
  const slow = ms >= deadlineMs ? [{ type: 'slow' as const, ms }] : [];
  // A redirect is a fault too: no cloud is known to follow one.
  if (status !== 200) return { faults: [...slow, { type: 'status', status, location: headers.location }] };
  const contentType = headers['content-type'];
  const document = parse(body);
  return {
    ...(document && { document }),
    faults: [
      ...slow,
      // No cloud documents that it refuses the registered type of a JWKS (RFC 7517 section 8.5.1), which Kubernetes sends.
      ...(/^application\/(json|jwk-set\+json)\b/.test(contentType ?? '')
        ? []
        : [{ type: 'content_type' as const, contentType }]),
      ...(document ? [] : [{ type: 'no_object' as const }]),
    ],
  };
}

function parse(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : undefined;
  } catch {
    return undefined;
  }
}
