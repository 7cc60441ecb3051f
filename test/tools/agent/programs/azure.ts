/**
 * A program that knows nothing of us: @azure/identity with the variables that it reads itself. Its argument says by which
 * of its credentials. It writes the access token.
 */
import { readFile } from 'node:fs/promises';
import { ClientAssertionCredential, WorkloadIdentityCredential } from '@azure/identity';

const { AZURE_TENANT_ID = '', AZURE_CLIENT_ID = '', AZURE_FEDERATED_TOKEN_FILE = '' } = process.env;
const readToken = () => readFile(AZURE_FEDERATED_TOKEN_FILE, 'utf8');
// Entra answers about its own clouds alone; the sandbox is none of these.
const options = { disableInstanceDiscovery: true };
const credential =
  process.argv[2] === 'assertion'
    ? new ClientAssertionCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, readToken, options)
    : new WorkloadIdentityCredential(options);
const { token } = await credential.getToken('https://management.azure.com/.default');
process.stdout.write(token);
