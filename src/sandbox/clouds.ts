/** The sandbox clouds to start. A new cloud also needs its folder and its name in the schema in state.ts. */
import { awsCloud } from './aws/index.ts';
import { azureCloud } from './azure/index.ts';
import type { SandboxCloud, SandboxRuntime } from './contract.ts';
import { gcpCloud } from './gcp/index.ts';

export type CloudFactory = (runtime: SandboxRuntime) => SandboxCloud;

export const allClouds: readonly CloudFactory[] = [awsCloud, azureCloud, gcpCloud];
