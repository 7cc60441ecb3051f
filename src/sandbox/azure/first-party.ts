/**
 * Microsoft's own resources, which every tenant can request tokens for. Sources: the audiences in Azure SDKs and in
 * learn.microsoft.com/azure/developer/identity, and the application ids in "Verify first-party Microsoft applications".
 */

/** Identifier URIs and application ids, without a trailing slash. */
const resources = new Set([
  'https://management.azure.com',
  'https://management.core.windows.net',
  'https://management.usgovcloudapi.net',
  'https://management.core.usgovcloudapi.net',
  'https://management.chinacloudapi.cn',
  'https://management.core.chinacloudapi.cn',
  'https://graph.microsoft.com',
  'https://graph.microsoft.us',
  'https://dod-graph.microsoft.us',
  'https://microsoftgraph.chinacloudapi.cn',
  'https://graph.windows.net',
  'https://vault.azure.net',
  'https://vault.usgovcloudapi.net',
  'https://vault.azure.cn',
  'https://managedhsm.azure.net',
  'https://storage.azure.com',
  'https://datalake.azure.net',
  'https://disk.azure.com',
  'https://database.windows.net',
  'https://database.usgovcloudapi.net',
  'https://database.chinacloudapi.cn',
  'https://ossrdbms-aad.database.windows.net',
  'https://ossrdbms-aad.database.usgovcloudapi.net',
  'https://ossrdbms-aad.database.chinacloudapi.cn',
  'https://cosmos.azure.com',
  'https://token.postgres.cosmos.azure.com',
  'https://redis.azure.com',
  'https://servicebus.azure.net',
  'https://eventhubs.azure.net',
  'https://eventgrid.azure.net',
  'https://relay.azure.net',
  'https://signalr.azure.com',
  'https://webpubsub.azure.com',
  'https://communication.azure.com',
  'https://iothubs.azure.net',
  'https://digitaltwins.azure.net',
  'https://atlas.microsoft.com',
  'https://cognitiveservices.azure.com',
  'https://cognitiveservices.azure.us',
  'https://cognitiveservices.azure.cn',
  'https://ai.azure.com',
  'https://ml.azure.com',
  'https://search.azure.com',
  'https://search.azure.us',
  'https://search.azure.cn',
  'https://kusto.kusto.windows.net',
  'https://api.kusto.windows.net',
  'https://dev.azuresynapse.net',
  'https://purview.azure.net',
  'https://batch.core.windows.net',
  'https://monitor.azure.com',
  'https://prometheus.monitor.azure.com',
  'https://api.loganalytics.io',
  'https://api.loganalytics.azure.com',
  'https://api.applicationinsights.io',
  'https://azconfig.io',
  'https://appconfig.azure.com',
  'https://containerregistry.azure.net',
  'https://attest.azure.net',
  'https://confidential-ledger.azure.com',
  'https://dynamicsessions.io',
  'https://quantum.microsoft.com',
  'https://api.fabric.microsoft.com',
  'https://analysis.windows.net/powerbi/api',
  'https://app.vssps.visualstudio.com',
  // Azure Databricks, Azure DevOps, the API server of AKS, Managed Grafana.
  '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d',
  '499b84ac-1321-427f-aa17-267ca6975798',
  '6dae42f8-4368-4678-94ff-3960e28e3630',
  'ce34e7e5-485f-4d76-964f-b3d2b16d1e4f',
  // Microsoft Graph, Azure AD Graph, Resource Manager, Key Vault, Storage, SQL Database.
  '00000003-0000-0000-c000-000000000000',
  '00000002-0000-0000-c000-000000000000',
  '797f4846-ba00-4fd7-ba43-dac1f8f63013',
  'cfa8b339-82a2-471a-a3c9-0fc0be7a4093',
  'e406a681-f3d4-42a8-90b6-c2b029497af1',
  '022907d3-0f1b-48f7-badc-1ba6abab6d66',
]);

/** Services whose resource is the host of the customer's account, cluster or namespace. */
const ofAccounts =
  /^https:\/\/(?:[a-z0-9-]+\.(?:(?:blob|queue|table|file|dfs)\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)|documents\.azure\.(?:com|us|cn)|servicebus\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)|azconfig\.(?:io|azure\.us|azure\.cn)|crm\d*\.dynamics\.com)|[a-z0-9-]+\.[a-z0-9-]+\.kusto\.windows\.net)$/;

/** `https://management.azure.com//.default` requests the audience with its trailing slash. */
export const isFirstParty = (resource: string): boolean => {
  const name = resource.replace(/\/$/, '').toLowerCase();
  const applicationId = name.replace(/^(?:api|spn):(?:\/\/)?(?=[0-9a-f-]{36}$)/, '');
  return resources.has(applicationId) || ofAccounts.test(name);
};
