import { GoogleAuth } from 'google-auth-library';

const { GOOGLE_CLOUD_PROJECT, SANDBOX } = process.env;
const api = SANDBOX ? `${SANDBOX}/gcp` : 'https://cloudresourcemanager.googleapis.com';
const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
const { data } = await auth.request<{ projectId: string }>({
  url: `${api}/v3/projects/${GOOGLE_CLOUD_PROJECT}`,
});
console.log(`project ${data.projectId}`);
