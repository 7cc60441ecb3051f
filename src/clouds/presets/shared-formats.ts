/** Formats that every service with a preset has, whatever its target. */
import { invalidRequest } from '../../platform/errors/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';
import type { Format } from '../contract/programs.ts';

export const sharedFormats: Readonly<Record<string, Format>> = {
  // https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
  'exec-credential': (issued) => {
    if (!('access_token' in issued.credentials))
      throw invalidRequest([
        { path: 'format', message: 'cannot be exec-credential: the credentials are no token' },
      ]);
    return {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: issued.credentials.access_token, expirationTimestamp: toTimestamp(issued.expiresAt) },
    };
  },
};
