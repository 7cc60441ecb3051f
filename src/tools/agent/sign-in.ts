/** Converts the `sign_in` section of the configuration into a sign-in method of the SDK. */
import type { AgentConfig } from '../../server/config/index.ts';
import { clientSecret, privateKeyJwt, type SignIn, workloadToken } from '../sdk/index.ts';

export function signInOf(signIn: AgentConfig['sign_in']): SignIn {
  const { client_id, client_secret_file, private_key_file, workload_token_file } = signIn;
  const clientId = client_id ?? '';
  if (workload_token_file !== null)
    return workloadToken({ tokenFile: workload_token_file, ...(client_id === null ? {} : { clientId }) });
  return private_key_file === null
    ? clientSecret({ clientId, secretFile: client_secret_file ?? '' })
    : privateKeyJwt({ clientId, keyFile: private_key_file });
}
