/** Remedies for refusals in AWS: complete commands with the values of the connection. */
import type { SojournError } from '../../platform/errors/index.ts';
import type { Remedy, SetupFacts } from '../contract/index.ts';
import { shellCommand } from '../encode/index.ts';
import { cloudResponseOf } from '../explanation.ts';
import { chainStep } from './explain.ts';
import { addStatement, trustCommands } from './merge-trust.ts';
import { defaultRegion } from './partitions.ts';
import { isExplicitDeny } from './policy-refusals.ts';
import type { AwsTarget } from './target.ts';
import { providerArn } from './trust.ts';

export function remedy(target: AwsTarget, facts: SetupFacts, error: SojournError): Remedy {
  const { message = '' } = cloudResponseOf(error);
  const { issuer, audience } = facts;
  switch (error.code) {
    case 'cloud_issuer_unknown':
      return {
        condition: 'issuer',
        detail:
          'IAM compares the URL of a provider exactly: with a trailing slash or in another case it is another provider.',
        fix: iam('create-open-id-connect-provider', `--url=${issuer}`, `--client-id-list=${audience}`),
      };
    case 'cloud_audience_mismatch':
      return {
        condition: 'audience',
        fix: iam(
          'add-client-id-to-open-id-connect-provider',
          `--open-id-connect-provider-arn=${providerArn(target.role_arn ?? '', issuer)}`,
          `--client-id=${audience}`,
        ),
      };
    case 'cloud_trust_refused':
      if (cloudResponseOf(error).step === chainStep) return { condition: 'chained_trust' };
      // A statement more cannot lift a Deny, and a Deny may be meant.
      if (isExplicitDeny(error)) return { condition: 'trust_deny' };
      return { condition: 'trust', ...trustCommand(target, facts, addStatement) };
    case 'cloud_issuer_unreachable':
      if (message.includes('thumbprint'))
        return { condition: 'thumbprint', fix: thumbprintCommand(target, issuer) };
      return { condition: 'issuer_documents', fix: `sojourn lint ${issuer}` };
    case 'cloud_region_disabled':
      return {
        condition: 'region',
        fix: `sojourn connection update ${facts.connection.id} --set region=${defaultRegion(target.role_arn ?? 'arn:aws:')}`,
      };
    case 'cloud_request_invalid':
      return message.includes('MaxSessionDuration')
        ? {
            condition: 'duration',
            fix: iam(
              'update-role',
              `--role-name=${roleName(target)}`,
              `--max-session-duration=${Math.max(3600, target.duration_seconds)}`,
            ),
          }
        : { condition: 'request' };
    default:
      return { condition: error.code.replace('cloud_', '') };
  }
}

/** Commands that change the trust policy of the role with a jq program; each runs only if the previous one succeeded. */
export const trustCommand = (target: AwsTarget, facts: SetupFacts, program: string): { fix?: string } =>
  target.role_arn === undefined
    ? {}
    : { fix: trustCommands(target, facts, { arn: target.role_arn, program }).join(' &&\n') };

const roleName = ({ role_arn = '' }: AwsTarget): string => role_arn.slice(role_arn.lastIndexOf('/') + 1);

const iam = (action: string, ...options: readonly string[]): string =>
  shellCommand(['aws', 'iam', action, ...options]);

/** AWS compares the top certificate of the chain that the issuer sends, and only if no public authority signed it. */
function thumbprintCommand({ role_arn = '' }: AwsTarget, issuer: string): string {
  const { hostname, host, port } = new URL(issuer);
  const top = 'awk \'/BEGIN CERT/{c=""}{c=c $0 "\\n"}/END CERT/{top=c}END{printf "%s",top}\'';
  const print = [
    `openssl s_client -servername ${hostname} -connect ${port === '' ? `${host}:443` : host} -showcerts </dev/null 2>/dev/null`,
    top,
    'openssl x509 -noout -fingerprint -sha1',
    'cut -d= -f2',
    'tr -d :',
  ].join(' | ');
  const command = iam(
    'update-open-id-connect-provider-thumbprint',
    `--open-id-connect-provider-arn=${providerArn(role_arn, issuer)}`,
  );
  return `${command} --thumbprint-list "$(${print})"`;
}
