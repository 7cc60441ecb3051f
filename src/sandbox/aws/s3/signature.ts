/** Authenticates a request to S3, which has its own rules and error texts for Signature Version 4. */
import { createHash } from 'node:crypto';
import type { SandboxRequest } from '../../contract.ts';
import { seconds } from '../accounts.ts';
import type { Principal } from '../authenticate.ts';
import { fault } from '../fault.ts';
import type { Sessions } from '../sessions.ts';
import { isSignedBy, parseAuthorization, signingTime } from '../sigv4.ts';
import { accessDenied } from './responses.ts';

/** RequestTimeTooSkewed: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const fifteenMinutes = 15 * 60_000;

/** Undefined for an unsigned request. */
export function authenticateS3(
  request: SandboxRequest,
  sessions: Sessions,
  now: number,
): Principal | undefined {
  const {
    authorization: header,
    'x-amz-security-token': token,
    'x-amz-content-sha256': hash,
  } = request.headers;
  if (!header) return undefined;
  const authorization = parseAuthorization(header);
  if (!authorization)
    throw fault('AuthorizationHeaderMalformed', 'The authorization header that you provided is not valid.');
  const { accessKeyId, region, service, signedHeaders } = authorization;
  if (service !== 's3')
    throw fault(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; incorrect service "${service}". This endpoint belongs to "s3".`,
    );
  if (/^\d{12}$/.test(accessKeyId)) return { kind: 'account', accountId: accessKeyId, region };
  const session = sessions.find(accessKeyId);
  if (!session)
    throw fault(
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      403,
    );
  if (token !== session.sessionToken)
    throw fault('InvalidToken', 'The provided token is malformed or otherwise invalid.');
  const signedAt = signingTime(request);
  if (Number.isNaN(signedAt)) throw accessDenied();
  if (!hash) throw fault('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  if (hash !== 'UNSIGNED-PAYLOAD' && hash !== createHash('sha256').update(request.body).digest('hex'))
    throw fault(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  // All x-amz- headers must be signed, including the session token.
  const unsigned = Object.keys(request.headers).find(
    (name) => name.startsWith('x-amz-') && !signedHeaders.includes(name),
  );
  if (unsigned !== undefined)
    throw fault('AccessDenied', `There were headers present in the request which were not signed`, 403);
  if (!isSignedBy(session.secretAccessKey, authorization, request))
    throw fault(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      403,
    );
  if (Math.abs(signedAt - now) > fifteenMinutes)
    throw fault(
      'RequestTimeTooSkewed',
      `The difference between the request time and the current time is too large. ${seconds(now)}`,
      403,
    );
  if (now >= session.expiresAt) throw fault('ExpiredToken', 'The provided token has expired.');
  return { kind: 'session', session, region };
}
