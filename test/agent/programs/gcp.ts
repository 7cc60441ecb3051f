/** A program that knows nothing of us: google-auth-library with GOOGLE_APPLICATION_CREDENTIALS. It reads one URL. */
import { GoogleAuth } from 'google-auth-library';

const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
const { data } = await auth.request<{ projectId: string }>({ url: process.argv[2] ?? '' });
process.stdout.write(data.projectId);
