/** Lints an IAM OIDC provider: its URL and its client ids. */
import { compare } from '../../compare.ts';
import type { SetupFacts } from '../../contract/index.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  type JsonObject,
  type LintResult,
  stringsIn,
  unreadMembers,
} from '../../lint.ts';
import { providerName } from '../trust.ts';

/** API reference of IAM, GetOpenIDConnectProvider. */
const members = ['Url', 'ClientIDList', 'ThumbprintList', 'CreateDate', 'Tags'];

export function lintProvider({ issuer, audience }: SetupFacts, document: JsonObject): LintResult {
  const findings: Finding[] = [];
  const url = typeof document.Url === 'string' ? document.Url.replace(/^https?:\/\//, '') : '';
  const mismatch = compare(providerName(issuer), url);
  if (mismatch)
    findings.push({
      rule: `issuer_${mismatch.name}`,
      severity: 'blocks_access',
      path: 'Url',
      detail: `The provider is for ${describeValue(url)}, not for ${providerName(issuer)}: ${mismatch.text}.`,
      advice: 'Create a provider with this URL. The URL of an existing provider cannot be changed.',
    });
  const clients = stringsIn(document.ClientIDList);
  if (!clients.includes(audience))
    findings.push({
      rule: 'audience',
      severity: 'blocks_access',
      path: 'ClientIDList',
      detail: `The list does not contain ${audience}.`,
      advice: 'Add it: aws iam add-client-id-to-open-id-connect-provider.',
    });
  if (clients.some((client) => client !== audience))
    findings.push({
      rule: 'other_audiences',
      severity: 'weak',
      path: 'ClientIDList',
      detail: 'The list contains other audiences, so every role that trusts this provider must test :aud.',
      advice: 'Remove the audiences that no role needs.',
    });
  findings.push(...unreadMembers(document, members, 'an OIDC provider'));
  return gradeFindings('aws-oidc-provider', findings, {
    ...document,
    Url: providerName(issuer),
    ClientIDList: [audience],
  });
}
