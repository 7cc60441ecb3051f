/** Links to the portal and to the consent page of the vendor's application. */
import type { PublicFiles, SetupFacts, SetupFile } from '../contract/index.ts';
import { uriList } from '../encode/index.ts';
import { type AzureTarget, authority, portal } from './target.ts';

export function links(target: AzureTarget, _facts: SetupFacts, files: PublicFiles): readonly SetupFile[] {
  if (target.consent_redirect_uri !== undefined) return consent(target, target.consent_redirect_uri);
  const create = `${portal(target)}/#create/Microsoft.Template`;
  const template = files.get('azuredeploy.json')?.url;
  if (template === undefined) {
    return [uriList('portal.uri', create, 'The portal; load azuredeploy.json there into the editor')];
  }
  return [
    uriList(
      'deploy-to-azure.uri',
      `${create}/uri/${encodeURIComponent(template)}`,
      'Deploy to Azure: the portal with the template and its parameters already filled in',
    ),
  ];
}

/** learn.microsoft.com/entra/identity-platform/v2-admin-consent. Consent applies to the directory of the connection only. */
function consent(target: AzureTarget, redirect: string): readonly SetupFile[] {
  const { tenant_id, client_id } = target;
  if (tenant_id === undefined || client_id === undefined) return [];
  const query = new URLSearchParams({ client_id, scope: target.scope, redirect_uri: redirect });
  return [
    uriList(
      'admin-consent.uri',
      `${authority(target)}/${tenant_id}/v2.0/adminconsent?${query}`,
      "Consent of the customer's administrator to your application; they must also assign roles to it, because consent grants none",
    ),
  ];
}
