/** Remedies for refusals in Azure: complete commands with the values of the connection. */
import type { SojournError } from '../../platform/errors/index.ts';
import type { Remedy, SetupFacts } from '../contract/index.ts';
import { shellWord } from '../encode/index.ts';
import { cloudResponseOf } from '../explanation.ts';
import { credentialName } from './plan.ts';
import { type AzureTarget, authority, resourceManagerOf } from './target.ts';
import { identityVersion } from './template.ts';

export function remedy(target: AzureTarget, facts: SetupFacts, error: SojournError): Remedy {
  const { code = '' } = cloudResponseOf(error);
  const { id } = facts.connection;
  const update = (setting: string) => `sojourn connection update ${id} ${setting}`;
  switch (code) {
    case '700211':
    case '700027':
    case '50013':
      return { condition: 'issuer', ...putCredential(target, facts) };
    case '700212':
      return { condition: 'audience', ...putCredential(target, facts) };
    case '700213':
    case '7002137':
    case '7002138':
      return { condition: 'subject', ...putCredential(target, facts) };
    case '70021':
    case '7000226':
    case '700021':
    case '700023':
      return { condition: 'credential', ...putCredential(target, facts) };
    case '700263':
      return { condition: 'credential_duplicate', ...listCredentials(target) };
    case '7000272':
    case '7000274':
      return { condition: 'signing_key', fix: `sojourn lint ${facts.issuer}` };
    case '90061':
    case '50166':
    case '501661':
      return { condition: 'issuer_documents', fix: `sojourn lint ${facts.issuer}` };
    case '700016':
    case '90002':
      return {
        condition: 'target',
        detail: `Sojourn requested a token at ${authority(target)} for application ${target.client_id} of directory ${target.tenant_id}.`,
        fix: `az identity list --query ${shellWord('[].{name:name,client_id:clientId,tenant_id:tenantId}')} --output table`,
      };
    case '5002738':
      return { condition: 'algorithm', fix: update('--algorithm RS256') };
    case '70011':
    case '1002012':
    case '650057':
    case '500011':
      return { condition: 'scope', fix: update(`--set scope=${resourceManagerOf(target)}/.default`) };
    default:
      return { condition: error.code.replace('cloud_', '') };
  }
}

/** Creates or overwrites the federated credential of the set-up file. */
function putCredential(target: AzureTarget, facts: SetupFacts): { fix?: string } {
  const { issuer, subject, audience } = facts;
  const body = JSON.stringify({ properties: { issuer, subject, audiences: [audience] } });
  return rest(target, 'put', `/${credentialName(facts.connection.id)}`, ` --body ${shellWord(body)}`);
}

export const listCredentials = (target: AzureTarget): { fix?: string } => rest(target, 'get', '', '');

const rest = (target: AzureTarget, method: string, below: string, rest: string): { fix?: string } =>
  target.client_id === undefined
    ? {}
    : {
        fix: `az rest --method ${method} --url "${resourceManagerOf(target)}$(${identityId(target.client_id)})/federatedIdentityCredentials${below}?api-version=${identityVersion}"${rest}`,
      };

const identityId = (clientId: string): string =>
  `az identity list --query ${shellWord(`[?clientId=='${clientId}'].id`)} --output tsv`;
