/** What `/sandbox` controls: the clock, the faults of each cloud, and the log of requests. */
import { z } from 'zod';
import type { Now } from '../platform/time/index.ts';
import { toTimestamp } from '../platform/time/index.ts';
import type { SandboxRuntime } from './contract.ts';
import { fetchJson } from './fetch.ts';

export const clockSetting = z.strictObject({ offset_seconds: z.int() });

export const faultSetting = (clouds: readonly string[]) =>
  z.strictObject({
    cloud: z.enum(clouds),
    delay_ms: z.int().min(0).max(60_000).default(0),
    status: z.int().min(400).max(599).nullable().default(null),
    propagation_seconds: z.int().min(0).default(0),
    outage: z.boolean().default(false),
  });

/** Replaces all guardrails of the cloud. */
export const guardrailSetting = (clouds: readonly string[]) =>
  z.strictObject({
    cloud: z.enum(clouds),
    guardrails: z.array(
      z.strictObject({ scope: z.string().exactOptional(), document: z.record(z.string(), z.unknown()) }),
    ),
  });

export type Faults = Omit<z.infer<ReturnType<typeof faultSetting>>, 'cloud'>;

/** Old entries are dropped, so that a sandbox can run for a whole CI day. */
const logLimit = 1_000;

type LogEntry = Parameters<SandboxRuntime['record']>[0] & { readonly time: string };

export interface SandboxState {
  readonly runtime: SandboxRuntime;
  setClock(offsetSeconds: number): void;
  setFaults(cloud: string, faults: Faults): void;
  faults(cloud: string): Faults;
  /** Newest first. */
  log(): readonly LogEntry[];
  reset(): void;
}

const noFaults: Faults = { delay_ms: 0, status: null, propagation_seconds: 0, outage: false };

export function createState(now: Now, origin: () => string): SandboxState {
  let offsetSeconds = 0;
  const faults = new Map<string, Faults>();
  const entries: LogEntry[] = [];
  const time = () => now() + offsetSeconds * 1000;
  const faultsOf = (cloud: string) => faults.get(cloud) ?? noFaults;

  const runtime: SandboxRuntime = {
    now: time,
    // Without a delay every change is effective, even if the clock was set back to before it.
    propagationSeconds: (cloud) => faultsOf(cloud).propagation_seconds || Number.NEGATIVE_INFINITY,
    faults: faultsOf,
    fetchJson,
    record(entry) {
      entries.unshift({ time: toTimestamp(time()), ...entry });
      entries.length = Math.min(entries.length, logLimit);
    },
    get origin() {
      return origin();
    },
  };

  return {
    runtime,
    setClock(offset) {
      offsetSeconds = offset;
    },
    setFaults: (cloud, setting) => void faults.set(cloud, setting),
    faults: faultsOf,
    log: () => entries,
    reset() {
      offsetSeconds = 0;
      faults.clear();
      entries.length = 0;
    },
  };
}
