/** The environment of the child program: the clouds' libraries find the endpoint and no other identity before it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programs } from '../../../clouds/programs/index.ts';
import type { Environment } from '../../../server/config/index.ts';
import { type Endpoint, pathOf } from './endpoint.ts';
import { type CloudCredentials, issuedOf } from './issued.ts';

/** Removed: the child program needs no access to the server. */
const sojournVariables = [
  'SOJOURN_ADMIN_TOKEN',
  'SOJOURN_AGENT_DIRECTORY',
  'SOJOURN_CLIENT_KEY_FILE',
  'SOJOURN_CLIENT_SECRET',
  'SOJOURN_CLIENT_SECRET_FILE',
  'SOJOURN_WORKLOAD_TOKEN_FILE',
];

/** Creates the environment of the child program. Writes files to `folder`, readable by this user only. */
export async function environmentFor(
  credentials: readonly CloudCredentials[],
  { origin, secret }: Pick<Endpoint, 'origin' | 'secret'>,
  folder: string,
  env: Environment,
): Promise<Environment> {
  const file = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600, flag: 'wx' });
    return path;
  };
  const childEnv = new Map(Object.entries(env));
  for (const name of sojournVariables) childEnv.delete(name);
  for (const issued of credentials) {
    const support = programs[issued.cloud].exec;
    if (!support) continue;
    for (const name of support.otherIdentities) childEnv.delete(name);
    const added = await support.variables({
      url: origin + pathOf(issued.cloud),
      secret,
      file,
      pathOf: (name) => join(folder, name),
      issued: issuedOf(issued),
      env,
    });
    for (const [name, value] of Object.entries(added)) childEnv.set(name, value);
  }
  return Object.fromEntries(childEnv);
}
