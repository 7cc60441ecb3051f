/** The part of a cloud that an import of many connections from a table needs. */
import type { Fault } from '../../platform/errors/index.ts';

/** The cells of a row by column; an empty cell is absent or empty. */
export type Cells = Readonly<Record<string, string>>;

export interface TableImport {
  /** The columns of the cloud, besides those of every connection. */
  readonly columns: readonly string[];
  targetOf(cells: Cells): Readonly<Record<string, unknown>>;
  /** Labels that name the customer's account before the target is complete. */
  labelsOf(cells: Cells): Readonly<Record<string, string>>;
  /** Faults between cells; the schema of the target has checked each. */
  faultsIn(cells: Cells): readonly Fault[];
  /** The field of the target that two rows must not share, if there is one. */
  readonly uniqueField?: string;
  /** A fault if the row is for another account than the existing connection. */
  conflictOf(
    row: { readonly target: Readonly<Record<string, unknown>>; readonly labels: Cells },
    existing: { readonly id: string; readonly target: Readonly<Record<string, unknown>> },
  ): Fault | undefined;
}
