/** The error for an invalid configuration; it names every fault. */
import { type Fault, SojournError } from '../../platform/errors/index.ts';

export function invalid(faults: readonly Fault[], cause?: unknown): SojournError {
  return new SojournError('config_invalid', {
    detail: faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
    faults,
    cause,
  });
}
