/** Unmodified clients of services, which `npm run test:long` installs into a cache folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { obstacleTo, testWith } from './programs.ts';

/** Programs that import the clients run here. */
export const clientsFolder = join(import.meta.dirname, '../../node_modules/.cache/sojourn-test-clients');

/** A test that needs clients, and perhaps programs. */
export const testWithClients = (clients: readonly string[], programs: readonly string[] = []) =>
  testWith([...clients, ...programs], (name) =>
    programs.includes(name)
      ? obstacleTo(name)
      : existsSync(join(clientsFolder, 'node_modules', name))
        ? undefined
        : 'is not installed',
  );
