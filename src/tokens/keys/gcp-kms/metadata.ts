/**
 * The server's own access token, from the metadata server of the machine or pod it runs on (GCE, GKE with Workload
 * Identity, Cloud Run): https://cloud.google.com/compute/docs/access/authenticate-workloads. No key file is ever read.
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
    const asked = now();
    const { access_token, expires_in } = await callRest({
      service: 'The metadata server',
      method: 'GET',
      url: `${endpoint ?? 'http://metadata.google.internal'}${path}`,
      headers: { 'metadata-flavor': 'Google' },
      signal,
      schema,
      refusal: ({ status }) => unavailable(`The metadata server gives no access token (status ${status})`),
    });
    return { value: access_token, expiresAt: asked + expires_in * 1000 };
  };
