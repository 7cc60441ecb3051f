/** Remedies for refusals in Google Cloud: complete commands with the values of the connection. */
import type { SojournError } from '../../platform/errors/index.ts';
import { compare } from '../compare.ts';
import type { Remedy, SetupFacts } from '../contract/index.ts';
import { shellCommand } from '../encode/index.ts';
import { cloudResponseOf } from '../explanation.ts';
import { admitSubject, provider } from './condition-commands.ts';
import { isDisabledAccount, steps } from './explain.ts';
import { memberName, providerName } from './names.ts';
import type { GcpTarget } from './target.ts';

export function remedy(target: GcpTarget, facts: SetupFacts, error: SojournError): Remedy {
  const { message = '', step } = cloudResponseOf(error);
  switch (error.code) {
    case 'cloud_issuer_unknown': {
      const configured = /expected one in config: (.+?)\.?$/.exec(message)?.[1];
      const mismatch = configured === undefined ? undefined : compare(facts.issuer, configured);
      return {
        condition: mismatch && mismatch.name !== 'bytes' ? `issuer_${mismatch.name}` : 'issuer',
        ...(mismatch ? { detail: `The provider has the issuer ${configured}: ${mismatch.text}.` } : {}),
        fix: updateProvider(target, `--issuer-uri=${facts.issuer}`),
      };
    }
    case 'cloud_audience_mismatch':
      return { condition: 'audience', fix: updateProvider(target, `--allowed-audiences=${facts.audience}`) };
    case 'cloud_subject_mismatch':
      return { condition: 'subject', fix: admitSubject(target, facts) };
    case 'cloud_trust_refused':
      return {
        condition: 'attribute_mapping',
        fix: updateProvider(target, '--attribute-mapping=google.subject=assertion.sub'),
      };
    case 'cloud_issuer_unreachable':
    case 'cloud_key_unknown':
      return target.uploaded_jwks
        ? {
            condition: 'uploaded_keys',
            fix: `sojourn connection setup ${facts.connection.id} jwks.json > jwks.json\n${updateProvider(target, '--jwk-json-path=jwks.json')}`,
          }
        : { condition: 'issuer_documents', fix: `sojourn lint ${facts.issuer}` };
    case 'cloud_target_not_found':
      return message.includes('"audience" parameters')
        ? {
            condition: 'provider',
            detail: `Sojourn requested a token for the provider ${providerName(target)}. If its state, or that of its pool, is DELETED, setup.sh restores it. If it is disabled, enable it with update-oidc --no-disabled.`,
            fix: provider('describe', target),
          }
        : {
            condition: 'target',
            fix: "gcloud projects describe PROJECT_ID --format='value(projectNumber)'",
          };
    case 'cloud_permission_denied':
      if (/has not been used in project|it is disabled\. Enable it/.test(message))
        return {
          condition: 'api_disabled',
          fix: 'gcloud services enable iamcredentials.googleapis.com sts.googleapis.com iam.googleapis.com',
        };
      if (step !== steps.impersonation) return { condition: 'token' };
      if (isDisabledAccount(error))
        return {
          condition: 'account_disabled',
          fix: shellCommand(['gcloud', 'iam', 'service-accounts', 'enable', target.service_account ?? '']),
        };
      return { condition: 'binding', ...addBinding(target, facts) };
    default:
      return { condition: error.code.replace('cloud_', '') };
  }
}

export const updateProvider = (target: GcpTarget, ...flags: readonly string[]): string =>
  provider('update-oidc', target, ...flags);

const addBinding = (target: GcpTarget, { subject }: SetupFacts): { fix?: string } =>
  target.service_account === undefined
    ? {}
    : {
        fix: shellCommand([
          ...['gcloud', 'iam', 'service-accounts', 'add-iam-policy-binding', target.service_account],
          '--role=roles/iam.workloadIdentityUser',
          `--member=${memberName(target, subject)}`,
          '--condition=None',
        ]),
      };
