/**
 * The server's own access token, from the metadata server of its machine or pod (GCE, GKE with Workload Identity, Cloud
 * Run): https://cloud.google.com/compute/docs/access/authenticate-workloads. It never reads a key file.
 */
import { z } from 'zod';
import type { Now } from '../../../platform/time/index.ts';
import type { AccessToken } from '../service/access-token.ts';
import { unavailable } from '../service/faults.ts';
import { callRest } from '../service/rest.ts';

const path = '/computeMetadata/v1/instance/service-accounts/default/token';
const schema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

export const metadataToken =
  (endpoint: string | null, now: Now) =>
  async (signal: AbortSignal): Promise<AccessToken> => {
    const requestedAt = now();
    const { access_token, expires_in } = await callRest({
      service: 'The metadata server',
      method: 'GET',
      url: `${endpoint ?? 'http://metadata.google.internal'}${path}`,
      headers: { 'metadata-flavor': 'Google' },
      signal,
      schema,
      refusal: ({ status }) =>
        unavailable(`The metadata server did not issue an access token (status ${status})`),
    });
    return { value: access_token, expiresAt: requestedAt + expires_in * 1000 };
  };
