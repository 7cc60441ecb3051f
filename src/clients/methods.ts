/** The ways to authenticate, by name: one list for whatever depends on them. */
import type { z } from 'zod';
import type { authInput } from './schema.ts';

/** A record, so that a method that is added to the schema must be added here. */
const methods: Readonly<Record<z.infer<typeof authInput>['method'], true>> = {
  client_secret: true,
  private_key_jwt: true,
  federated: true,
  tls: true,
};

export type Method = keyof typeof methods;

export const methodNames = Object.keys(methods) as [Method, ...Method[]];
