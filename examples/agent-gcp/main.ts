import { GoogleAuth } from 'google-auth-library';

const { SANDBOX, GOOGLE_CLOUD_PROJECT } = process.env;
const resources = SANDBOX ? `${SANDBOX}/gcp` : 'https://cloudresourcemanager.googleapis.com';
const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
const { data } = await auth.request<{ projectId: string }>({
  url: `${resources}/v3/projects/${GOOGLE_CLOUD_PROJECT}`,
});
console.log(`project ${data.projectId}`);
