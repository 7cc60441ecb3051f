/** Helpers for tests of targets: a target as it is stored, or its faults as the API reports them. */
import { type CloudName, clouds } from '../../src/clouds/index.ts';
import type { Fault } from '../../src/platform/errors/index.ts';
import { SojournError } from '../../src/platform/errors/index.ts';
import { read } from '../../src/platform/validation/index.ts';

export const keep = (cloud: CloudName, target: unknown): unknown =>
  read(clouds[cloud].target, target, 'target');

export function faultsOf(cloud: CloudName, target: unknown): readonly Fault[] {
  try {
    keep(cloud, target);
  } catch (error) {
    if (error instanceof SojournError && error.code === 'invalid_request') return error.faults;
    throw error;
  }
  return [];
}
