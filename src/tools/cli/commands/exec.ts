/** `sojourn exec`: runs a program whose cloud libraries find credentials of the customers' clouds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs } from '../../../clouds/programs/index.ts';
import type { Credentials } from '../../sdk/index.ts';
import { clientOptions, createClient, type FetchCredentials, purposeOption, signInNotes } from '../client.ts';
import { type CommandSpec, text } from '../command.ts';
import { type Delivered, deliver, withDeliveries } from '../exec/delivery.ts';
import { startEndpoint } from '../exec/endpoint.ts';
import { environmentFor } from '../exec/environment.ts';
import type { CloudCredentials } from '../exec/issued.ts';
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
    const ofClouds = credentials.filter((one): one is CloudCredentials => one.cloud !== 'service');
    const connections = connectionsByCloud(ofClouds);
    const services = servicesIn(credentials);
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
      const deliveries: Delivered[] = [];
      for (const connection of services) {
        const delivered = await deliver(sojourn, connection, purpose, folder);
        cleanups.push(delivered.stop);
        deliveries.push(delivered);
      }
      const env = withDeliveries(
        await environmentFor(ofClouds, endpoint, folder, terminal.env),
        terminal.env,
        deliveries,
        terminal,
      );
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

/** The connections to services, one for each service. */
function servicesIn(credentials: readonly Credentials[]): readonly string[] {
  const seen = new Set<string>();
  return credentials.flatMap((one) => {
    if (one.cloud !== 'service') return [];
    if (seen.has(one.service)) throw onlyOne(one.service);
    seen.add(one.service);
    return [one.connection];
  });
}

const onlyOne = (cloud: string) =>
  usageError(`Give only one connection to ${cloud}: a program has one identity per cloud.`);

function connectionsByCloud(
  credentials: readonly CloudCredentials[],
): ReadonlyMap<CloudCredentials['cloud'], string> {
  const byCloud = new Map<CloudCredentials['cloud'], string>();
  for (const { cloud, connection } of credentials) {
    if (!programs[cloud].exec) throw usageError(`sojourn exec does not support connections to ${cloud}.`);
    if (byCloud.has(cloud)) throw onlyOne(cloud);
    byCloud.set(cloud, connection);
  }
  return byCloud;
}
