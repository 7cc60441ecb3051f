/** `sojourn exec`: runs a program that finds credentials of the customers' clouds where its libraries look for them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '../../sdk/index.ts';
import { type CredentialsOf, clientGiven, clientOptions, clientVariables, purposeOption } from '../client.ts';
import { type CommandSpec, text } from '../command.ts';
import { startEndpoint } from '../exec/endpoint.ts';
import { environmentFor, gcpTokenFile } from '../exec/handover.ts';
import { relaySignals, runProgram } from '../exec/program.ts';
import { keepTokenFile } from '../exec/token-file.ts';
import { usageError } from '../failure.ts';

export const exec: CommandSpec = {
  usage: 'exec <connections...>',
  about: `run a program with credentials of one connection per cloud, renewed while it runs (${clientVariables})`,
  options: [purposeOption, ...clientOptions],
  examples: [
    'exec con_01k0… -- aws sts get-caller-identity',
    'exec con_01k0… con_01k1… con_01k2… -- terraform apply',
    'exec con_01k0… -- sh -c "gcloud projects list && ./deploy.sh"',
  ],
  runs: true,
  async run(given, face) {
    if (given.inner.length === 0)
      throw usageError('There is no program: put it behind --, as in `sojourn exec con_01k0… -- aws s3 ls`.');
    const ending = new AbortController();
    const sojourn = clientGiven(given, face, ending.signal);
    const purpose = text(given, 'purpose');
    const credentialsOf: CredentialsOf = (connection) => sojourn.credentials(connection, { purpose });
    // Before anything is started: who gets no credentials hears it from us, and not from a library.
    const connections = await byCloud(credentialsOf, given.args);
    const signals = relaySignals(() => ending.abort());
    // From the last to the first: what lies in the folder is gone before anything waits for an answer under way.
    const endings: (() => unknown)[] = [signals.release];
    try {
      const endpoint = await startEndpoint(credentialsOf, connections);
      endings.push(endpoint.close);
      // Made for this user alone.
      const folder = await mkdtemp(join(tmpdir(), 'sojourn-exec-'));
      endings.push(() => rm(folder, { recursive: true, force: true }));
      const gcp = connections.get('gcp');
      if (gcp !== undefined) endings.push(await keepTokenFile(credentialsOf, gcp, gcpTokenFile(folder)));
      const env = await environmentFor(connections.keys(), endpoint, folder, face.env);
      return await runProgram(given.inner, env, face, signals);
    } catch (error) {
      const code = signals.ended();
      if (code === undefined) throw error;
      return code;
    } finally {
      ending.abort();
      for (const end of endings.toReversed()) await end();
    }
  },
};

async function byCloud(
  credentialsOf: CredentialsOf,
  connections: readonly string[],
): Promise<ReadonlyMap<Credentials['cloud'], string>> {
  const found = new Map<Credentials['cloud'], string>();
  const all = await Promise.all(connections.map(credentialsOf));
  for (const [at, { cloud }] of all.entries()) {
    if (found.has(cloud))
      throw usageError(`Two of the connections lead to ${cloud}, and a program has one identity in a cloud.`);
    found.set(cloud, connections[at] ?? '');
  }
  return found;
}
