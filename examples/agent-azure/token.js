// @azure/identity with the variables that it reads itself: it knows nothing of Sojourn. With the argument `assertion` the
// token file is read by the program, as one that serves many tenants does.
import { readFile } from 'node:fs/promises';
import { ClientAssertionCredential, WorkloadIdentityCredential } from '@azure/identity';

const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE } = process.env;
const readToken = () => readFile(AZURE_FEDERATED_TOKEN_FILE, 'utf8');
// For authorities that are none of Microsoft's own, such as the sandbox.
const options = { disableInstanceDiscovery: process.env.AZURE_AUTHORITY_HOST !== undefined };
const credential =
  process.argv[2] === 'assertion'
    ? new ClientAssertionCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, readToken, options)
    : new WorkloadIdentityCredential(options);
const { token } = await credential.getToken('https://management.azure.com/.default');
console.log(token);
