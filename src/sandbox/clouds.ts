/** The one list of the sandbox's clouds: a fourth is one folder and one line. */
import { awsCloud } from './aws/index.ts';
import { azureCloud } from './azure/index.ts';
import type { SandboxCloud, SandboxWorld } from './contract.ts';
import { gcpCloud } from './gcp/index.ts';

export type CloudFactory = (world: SandboxWorld) => SandboxCloud;

export const allClouds: readonly CloudFactory[] = [awsCloud, azureCloud, gcpCloud];
