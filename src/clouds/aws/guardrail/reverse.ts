/** A guardrail that admits no web identity but the subject of the connection, or lets nobody create another provider. */
import type { SetupFacts } from '../../contract/index.ts';
import { providerName } from '../trust.ts';

export const reverseOf = ({ issuer, subject }: SetupFacts, isRcp: boolean) => ({
  Version: '2012-10-17',
  Statement: [
    isRcp
      ? {
          Sid: 'OnlyThisSubject',
          Effect: 'Deny',
          Principal: '*',
          Action: 'sts:AssumeRoleWithWebIdentity',
          Resource: '*',
          // Also true for a token of another issuer, which has no such key.
          Condition: { StringNotEquals: { [`${providerName(issuer)}:sub`]: subject } },
        }
      : {
          Sid: 'OnlyThisProvider',
          Effect: 'Deny',
          Action: 'iam:CreateOpenIDConnectProvider',
          NotResource: `arn:*:iam::*:oidc-provider/${providerName(issuer)}`,
        },
  ],
});
