// google-auth-library with GOOGLE_APPLICATION_CREDENTIALS: it knows nothing of Sojourn. The argument is what to read.
import { GoogleAuth } from 'google-auth-library';

const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
const { data } = await auth.request({ url: process.argv[2] });
console.log(data.projectId);
