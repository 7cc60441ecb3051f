import { OAuth2Client } from 'google-auth-library';
import { sojournFromEnv } from 'sojourn/sdk';
import { gcpRefreshHandler } from 'sojourn/sdk/gcp';

const { GCP_CONNECTION = '', GOOGLE_CLOUD_PROJECT = 'acme-prod', SANDBOX } = process.env;
const authClient = Object.assign(new OAuth2Client(), {
  refreshHandler: gcpRefreshHandler(sojournFromEnv(process.env), GCP_CONNECTION),
});
const api = SANDBOX ? `${SANDBOX}/gcp` : 'https://cloudresourcemanager.googleapis.com';
const { data } = await authClient.request<{ projectId: string }>({
  url: `${api}/v3/projects/${GOOGLE_CLOUD_PROJECT}`,
});
console.log(`project ${data.projectId}`);
