/**
 * @azure/msal-node in a separate process: it requires https, and a CA can be added only when a process starts. Its
 * arguments: the authority, the tenant, the client id. It reads the assertion from standard input, so that no process
 * list shows it, and writes the access token.
 */
import { text } from 'node:stream/consumers';
import { ConfidentialClientApplication } from '@azure/msal-node';

const [authorityHost = '', tenant = '', clientId = ''] = process.argv.slice(2);
const authority = `${authorityHost}/${tenant}`;
const application = new ConfidentialClientApplication({
  auth: {
    clientId,
    authority,
    knownAuthorities: [new URL(authorityHost).host],
    clientAssertion: await text(process.stdin),
    // What Entra's own discovery document says of these; the sandbox has none.
    authorityMetadata: JSON.stringify({
      issuer: `${authority}/v2.0`,
      authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
      token_endpoint: `${authority}/oauth2/v2.0/token`,
      jwks_uri: `${authority}/discovery/v2.0/keys`,
    }),
  },
});
const answer = await application.acquireTokenByClientCredential({
  scopes: ['https://management.azure.com/.default'],
});
process.stdout.write(answer?.accessToken ?? '');
