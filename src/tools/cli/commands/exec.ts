/** `sojourn exec`: runs a program whose cloud libraries find credentials of the customers' clouds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs } from '../../../clouds/programs/index.ts';
import type { Credentials } from '../../sdk/index.ts';
import { clientOptions, createClient, type FetchCredentials, purposeOption, signInNotes } from '../client.ts';
import { type CommandSpec, text } from '../command.ts';
import { startEndpoint } from '../exec/endpoint.ts';
import { environmentFor } from '../exec/environment.ts';
import { relaySignals, runProgram } from '../exec/program.ts';
import { refreshTokenFile } from '../exec/token-file.ts';
import { usageError } from '../failure.ts';

const exampleProgram =
  Object.values(programs).find((cloud) => cloud.exec?.example)?.exec?.example ?? 'PROGRAM';

export const exec: CommandSpec = {
  usage: 'exec <connections...>',
  description: 'run a program with fresh credentials of one connection per cloud',
  notes: signInNotes,
  options: [purposeOption, ...clientOptions],
  examples: [
    'exec con_01k0… -- aws sts get-caller-identity',
    'exec con_01k0… con_01k1… con_01k2… -- terraform apply',
    'exec con_01k0… -- sh -c "gcloud projects list && ./deploy.sh"',
  ],
  runsProgram: true,
  async run(args, terminal) {
    if (args.childCommand.length === 0)
      throw usageError(
        `The program is missing. Put it after --: \`sojourn exec con_01k0… -- ${exampleProgram}\`.`,
      );
    const controller = new AbortController();
    const sojourn = createClient(args, terminal, controller.signal);
    const purpose = text(args, 'purpose');
    const fetchCredentials: FetchCredentials = (connection) => sojourn.credentials(connection, { purpose });
    // Fetch before starting anything, so that errors are reported here and not by a cloud library.
    const credentials = await Promise.all(args.positionals.map(fetchCredentials));
    const connections = connectionsByCloud(credentials);
    const signals = relaySignals(() => controller.abort());
    // Runs from last to first: the folder is removed before the endpoint waits for pending requests.
    const cleanups: (() => unknown)[] = [signals.release];
    try {
      const endpoint = await startEndpoint(fetchCredentials, connections);
      cleanups.push(endpoint.close);
      // mkdtemp creates a folder that only this user can access.
      const folder = await mkdtemp(join(tmpdir(), 'sojourn-exec-'));
      cleanups.push(() => rm(folder, { recursive: true, force: true }));
      for (const [cloud, connection] of connections) {
        const tokenFile = programs[cloud].exec?.tokenFile;
        if (tokenFile !== undefined)
          cleanups.push(await refreshTokenFile(fetchCredentials, connection, join(folder, tokenFile)));
      }
      const env = await environmentFor(credentials, endpoint, folder, terminal.env);
      return await runProgram(args.childCommand, env, terminal, signals);
    } catch (error) {
      const code = signals.exitCode();
      if (code === undefined) throw error;
      return code;
    } finally {
      controller.abort();
      for (const cleanUp of cleanups.toReversed()) await cleanUp();
    }
  },
};

function connectionsByCloud(credentials: readonly Credentials[]): ReadonlyMap<Credentials['cloud'], string> {
  const byCloud = new Map<Credentials['cloud'], string>();
  for (const { cloud, connection } of credentials) {
    if (!programs[cloud].exec) throw usageError(`sojourn exec does not support connections to ${cloud}.`);
    if (byCloud.has(cloud))
      throw usageError(`Give only one connection to ${cloud}: a program has one identity per cloud.`);
    byCloud.set(cloud, connection);
  }
  return byCloud;
}
