/** The administrator of the customer's cluster, who only adds the AuthenticationConfiguration to the API server. */
import { parse } from 'yaml';
import { call } from '../http.ts';

interface Configuration {
  readonly jwt: readonly {
    readonly issuer: { readonly url: string; readonly audiences: readonly string[] };
    readonly claimValidationRules: readonly { readonly expression: string }[];
    readonly claimMappings: { readonly username: { readonly prefix: string } };
  }[];
}

/** Returns the user name that the cluster gives to the connection. */
export async function applyConfiguration(kubernetes: string, file: string): Promise<string> {
  const [entry] = (parse(file) as Configuration).jwt;
  const subject = /^claims\.sub == "(.*)"$/.exec(entry?.claimValidationRules[0]?.expression ?? '')?.[1];
  if (!entry || subject === undefined) throw new Error('the file does not name one subject');
  const { url: issuer, audiences } = entry.issuer;
  const { status } = await call({
    method: 'PUT',
    url: `${kubernetes}/trust`,
    body: { issuer, audience: audiences[0], subject },
  });
  if (status !== 204) throw new Error(`the cluster answered ${status}`);
  return entry.claimMappings.username.prefix + subject;
}
