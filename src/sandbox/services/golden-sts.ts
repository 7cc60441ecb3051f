/** The stand-ins of services that answer with three-part credentials, as the STS of AWS does. Written by hand, as in `golden.ts`. */
import type { Golden } from './dialect.ts';
import type { Reason } from './evaluate.ts';

const instant = (now: number, seconds = '3600'): string =>
  new Date(now + Number(seconds) * 1000).toISOString();

/** Ceph answers 403 for every cause. */
export const s3Sts: Golden = {
  name: 's3-sts',
  method: 'POST',
  path: /^\/$/,
  token: { in: 'form', parameter: 'WebIdentityToken' },
  fixed: { Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15' },
  // Ceph answers in JSON if the client accepts it.
  headers: { accept: 'application/xml' },
  parameters: ['RoleArn'],
  optional: ['RoleSessionName', 'DurationSeconds'],
  type: 'text/xml',
  issue: ({ secret, now, body }) =>
    `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>SANDBOX</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey><SessionToken>session-${secret}</SessionToken><Expiration>${instant(now, body.DurationSeconds)}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
  refuse: (reason) =>
    reason === 'request'
      ? [400, '<Error><Code>InvalidArgument</Code></Error>']
      : [403, '<Error><Code>AccessDenied</Code></Error>'],
};

/** MinIO names the cause in the message, except of a token that has expired. */
const minioTexts: Partial<Record<Reason | 'parameter', string>> = {
  key: 'No public key found for kid other',
  audience: 'STS JWT Token has `aud` claim invalid, `aud` must match configured OpenID Client ID',
  parameter: 'Role arn:minio:iam:::role/other does not exist',
};

export const minio: Golden = {
  ...s3Sts,
  name: 'minio',
  checksSubject: false,
  refuse: (reason) => [400, stsError(reason)],
};

function stsError(reason: Parameters<Golden['refuse']>[0]): string {
  const error =
    reason === 'expired'
      ? '<Code>ExpiredToken</Code>'
      : reason === 'request'
        ? '<Code>MissingParameter</Code>'
        : `<Code>InvalidParameterValue</Code><Message>${minioTexts[reason] ?? 'The token is not valid.'}</Message>`;
  return `<ErrorResponse><Error>${error}</Error></ErrorResponse>`;
}

export const alibaba: Golden = {
  name: 'alibaba',
  method: 'POST',
  path: /^\/$/,
  query: {
    Action: 'AssumeRoleWithOIDC',
    Version: '2015-04-01',
    Format: 'JSON',
    Timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  },
  token: { in: 'form', parameter: 'OIDCToken' },
  parameters: ['OIDCProviderArn', 'RoleArn'],
  optional: ['RoleSessionName', 'DurationSeconds'],
  type: 'application/json',
  issue: ({ secret, now, body }) =>
    JSON.stringify({
      Credentials: {
        AccessKeyId: 'STS.SANDBOX',
        AccessKeySecret: secret,
        SecurityToken: `session-${secret}`,
        Expiration: instant(now, body.DurationSeconds),
      },
    }),
  refuse: (reason) => [
    400,
    JSON.stringify(
      reason === 'expired'
        ? { Code: 'AuthenticationFail.OIDCToken.Expired', Message: 'This JsonWebToken is expired.' }
        : { Code: 'AuthenticationFail.OIDCToken.Invalid', Message: 'The OIDC token is invalid.' },
    ),
  ],
};
