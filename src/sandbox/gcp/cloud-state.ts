/** The state of the sandbox's Google Cloud. */
import type { SandboxRuntime } from '../contract.ts';
import type { Guardrails } from '../guardrails.ts';
import { createIssuerCache, type IssuerCache } from '../issuer-cache.ts';
import { type AccessTokens, createAccessTokens } from './access-token.ts';
import type { Bucket } from './bucket.ts';
import { type Collection, createCollection } from './collection.ts';
import { createPolicies, type Policies } from './policy.ts';
import type { Pool } from './pool.ts';
import { createProjects, type Projects } from './projects.ts';
import type { Provider } from './provider.ts';

export interface ServiceAccount {
  readonly email: string;
  readonly uniqueId: string;
  /** The project's id. */
  readonly project: string;
  readonly displayName: string;
  readonly description: string;
  disabled: boolean;
}

export interface CloudState {
  readonly runtime: SandboxRuntime;
  readonly projects: Projects;
  readonly pools: Collection<Pool>;
  readonly providers: Collection<Provider>;
  /** By email. */
  readonly serviceAccounts: Map<string, ServiceAccount>;
  /** By name. */
  readonly buckets: Map<string, Bucket>;
  readonly policies: Policies;
  readonly tokens: AccessTokens;
  readonly issuers: IssuerCache;
  /** By project number. */
  readonly guardrails: Pick<Guardrails, 'of'>;
}

/** A removed key was still accepted after 21.7 hours (clouds.md 4); a day is the next round number. */
const keepKeysSeconds = 24 * 3600;

export function createCloudState(runtime: SandboxRuntime, guardrails: Pick<Guardrails, 'of'>): CloudState {
  const now = () => runtime.now();
  return {
    runtime,
    projects: createProjects(),
    pools: createCollection<Pool>(now),
    providers: createCollection<Provider>(now),
    serviceAccounts: new Map(),
    buckets: new Map(),
    policies: createPolicies(now),
    tokens: createAccessTokens(),
    issuers: createIssuerCache(runtime, () => keepKeysSeconds),
    guardrails,
  };
}

/** Changes before this time (in milliseconds) have taken effect. */
export const settledBefore = ({ runtime }: CloudState): number =>
  runtime.now() - runtime.propagationSeconds('gcp') * 1000;

/** Resource names in policies: one namespace for projects and service accounts. */
export const projectResource = (id: string): string => `projects/${id}`;
export const accountResource = (email: string): string => `serviceAccounts/${email}`;
