/** `sojourn exec`: runs a program that finds credentials of the customers' clouds where its libraries look for them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '../../sdk/index.ts';
import {
  clientOptions,
  clientVariables,
  createClient,
  type FetchCredentials,
  purposeOption,
} from '../client.ts';
import { type CommandSpec, text } from '../command.ts';
import { startEndpoint } from '../exec/endpoint.ts';
import { environmentFor, gcpTokenFile } from '../exec/environment.ts';
import { relaySignals, runProgram } from '../exec/program.ts';
import { refreshTokenFile } from '../exec/token-file.ts';
import { usageError } from '../failure.ts';

export const exec: CommandSpec = {
  usage: 'exec <connections...>',
  description: `run a program with credentials of one connection per cloud, renewed while it runs (${clientVariables})`,
  options: [purposeOption, ...clientOptions],
  examples: [
    'exec con_01k0… -- aws sts get-caller-identity',
    'exec con_01k0… con_01k1… con_01k2… -- terraform apply',
    'exec con_01k0… -- sh -c "gcloud projects list && ./deploy.sh"',
  ],
  runsProgram: true,
  async run(args, terminal) {
    if (args.childCommand.length === 0)
      throw usageError('There is no program: put it behind --, as in `sojourn exec con_01k0… -- aws s3 ls`.');
    const ending = new AbortController();
    const sojourn = createClient(args, terminal, ending.signal);
    const purpose = text(args, 'purpose');
    const credentialsOf: FetchCredentials = (connection) => sojourn.credentials(connection, { purpose });
    // Before anything is started: who gets no credentials hears it from us, and not from a library.
    const connections = await connectionsByCloud(credentialsOf, args.positionals);
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
      if (gcp !== undefined) endings.push(await refreshTokenFile(credentialsOf, gcp, gcpTokenFile(folder)));
      const env = await environmentFor(connections.keys(), endpoint, folder, terminal.env);
      return await runProgram(args.childCommand, env, terminal, signals);
    } catch (error) {
      const code = signals.exitCode();
      if (code === undefined) throw error;
      return code;
    } finally {
      ending.abort();
      for (const end of endings.toReversed()) await end();
    }
  },
};

async function connectionsByCloud(
  credentialsOf: FetchCredentials,
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
