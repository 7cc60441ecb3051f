/** The keys of a session in a response of STS. */
import { z } from 'zod';

export const sessionKeys = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1),
  Expiration: z.date(),
});

export type SessionKeys = z.output<typeof sessionKeys>;
