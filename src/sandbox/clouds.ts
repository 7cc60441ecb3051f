/** The sandbox clouds to start. Adding one is its folder and one entry here. */
import { awsCloud } from './aws/index.ts';
import { azureCloud } from './azure/index.ts';
import type { SandboxCloud, SandboxRuntime } from './contract.ts';
import { gcpCloud } from './gcp/index.ts';
import { services } from './services/index.ts';

export type CloudFactory = (runtime: SandboxRuntime) => SandboxCloud;

export const allClouds: readonly CloudFactory[] = [awsCloud, azureCloud, gcpCloud, ...services];
