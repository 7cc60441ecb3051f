/**
 * A program with unmodified @azure/identity, configured by its standard variables. The argument selects the credential
 * class. It prints the access token.
 */
import { readFile } from 'node:fs/promises';
import { ClientAssertionCredential, WorkloadIdentityCredential } from '@azure/identity';

const { AZURE_TENANT_ID = '', AZURE_CLIENT_ID = '', AZURE_FEDERATED_TOKEN_FILE = '' } = process.env;
const readToken = () => readFile(AZURE_FEDERATED_TOKEN_FILE, 'utf8');
// Instance discovery knows only Microsoft's clouds, not the sandbox.
const options = { disableInstanceDiscovery: true };
const credential =
  process.argv[2] === 'assertion'
    ? new ClientAssertionCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, readToken, options)
    : new WorkloadIdentityCredential(options);
const { token } = await credential.getToken('https://management.azure.com/.default');
process.stdout.write(token);
