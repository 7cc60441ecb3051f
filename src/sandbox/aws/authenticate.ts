/**
 * Authenticates a call: as an account (with any secret, as in other emulators) or as a session with a verified
 * signature.
 */

import type { SandboxRequest } from '../contract.ts';
import { seconds } from './accounts.ts';
import { fault } from './fault.ts';
import type { Session, Sessions } from './sessions.ts';
import { type Authorization, isSignedBy, parseAuthorization, signingTime } from './sigv4.ts';

export type Principal =
  | { readonly kind: 'account'; readonly accountId: string; readonly region: string }
  | { readonly kind: 'session'; readonly session: Session; readonly region: string };

const fiveMinutes = 5 * 60_000;

export function authenticate(request: SandboxRequest, sessions: Sessions, now: number): Principal {
  const { authorization: header } = request.headers;
  if (!header) throw fault('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
  const authorization = parseAuthorization(header);
  if (!authorization)
    throw fault('IncompleteSignature', 'Authorization header does not have the form of AWS4-HMAC-SHA256.');
  const { accessKeyId, region } = authorization;
  if (/^\d{12}$/.test(accessKeyId)) return { kind: 'account', accountId: accessKeyId, region };
  const session = sessions.find(accessKeyId);
  if (!session || request.headers['x-amz-security-token'] !== session.sessionToken) throw invalidToken();
  verify(session, authorization, request, now);
  return { kind: 'session', session, region };
}

function verify(session: Session, authorization: Authorization, request: SandboxRequest, now: number): void {
  const signedAt = signingTime(request);
  if (Number.isNaN(signedAt))
    throw fault('IncompleteSignature', 'Authorization header requires existence of an X-Amz-Date header.');
  if (!authorization.signedHeaders.includes('x-amz-security-token')) throw mismatch();
  if (!isSignedBy(session.secretAccessKey, authorization, request)) throw mismatch();
  if (signedAt < now - fiveMinutes) {
    const edge = basic(now - fiveMinutes);
    throw signatureTime(
      `Signature expired: ${basic(signedAt)} is now earlier than ${edge} (${basic(now)} - 5 min.)`,
    );
  }
  if (signedAt > now + fiveMinutes) {
    const edge = basic(now + fiveMinutes);
    throw signatureTime(
      `Signature not yet current: ${basic(signedAt)} is still later than ${edge} (${basic(now)} + 5 min.)`,
    );
  }
  if (now >= session.expiresAt)
    throw fault('ExpiredToken', 'The security token included in the request is expired', 403);
}

const basic = (milliseconds: number): string => seconds(milliseconds).replace(/[:-]/g, '');

const signatureTime = (message: string) => fault('SignatureDoesNotMatch', message, 403);

const mismatch = () =>
  fault(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    403,
  );

const invalidToken = () =>
  fault('InvalidClientTokenId', 'The security token included in the request is invalid.', 403);
