/**
 * AWS as its Query APIs show it: IAM, STS and CloudFormation under `/aws`.
 */
import type { SandboxAnswer, SandboxCloud, SandboxRequest, SandboxWorld } from '../contract.ts';

export function awsCloud(_world: SandboxWorld): SandboxCloud {
  const outOfOrder = (status: number, _request: SandboxRequest): SandboxAnswer => ({
    status,
    headers: {},
    body: '',
  });
  return { name: 'aws', handle: async (request) => outOfOrder(501, request), outOfOrder, reset: () => {} };
}
