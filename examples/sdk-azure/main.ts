import { getBearerTokenProvider } from '@azure/identity';
import { sojournFromEnv } from 'sojourn/sdk';
import { azureCredential } from 'sojourn/sdk/azure';

const { AZURE_CONNECTION = '', SANDBOX } = process.env;
const credential = azureCredential(sojournFromEnv(process.env), AZURE_CONNECTION);
const bearer = getBearerTokenProvider(credential, 'https://management.azure.com/.default');
const arm = SANDBOX ? `${SANDBOX}/azure` : 'https://management.azure.com';
const answer = await fetch(`${arm}/subscriptions?api-version=2022-12-01`, {
  headers: { authorization: `Bearer ${await bearer()}` },
});
const { value } = (await answer.json()) as { value: { subscriptionId: string }[] };
for (const { subscriptionId } of value) console.log(`subscription ${subscriptionId}`);
