/** The file of a policy, read from the disk: YAML or JSON, all faults told at once, each with its line. */

import { type PolicyFile, policyFile, policyFileFaults } from '../../access/policy/index.ts';
import { type Fault, SojournError } from '../../platform/errors/index.ts';
import { faultsIn, read } from '../../platform/validation/index.ts';
import { readYamlFile } from '../../server/config/index.ts';

/** Rejects with `config_invalid`. */
export async function readPolicyFile(file: string): Promise<PolicyFile> {
  const { raw, lineOf } = await readYamlFile(file);
  const inShape = faultsIn(policyFile, raw);
  const found = inShape.length > 0 ? inShape : policyFileFaults(read(policyFile, raw));
  if (found.length === 0) return read(policyFile, raw);
  const faults = found.map(({ path, message }) => ({
    path: `${locationOf(path, lineOf, file)} ${path}`,
    message,
  }));
  throw invalidFile(faults);
}

/** The line of the value, or of what it is missing in. */
function locationOf(path: string, lineOf: (path: string[]) => string | undefined, file: string): string {
  for (let parts = path.split('.'); parts.length > 0; parts = parts.slice(0, -1)) {
    const line = lineOf(parts);
    if (line) return line;
  }
  return file;
}

const invalidFile = (faults: readonly Fault[]) =>
  new SojournError('config_invalid', {
    detail: faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
    faults,
  });
