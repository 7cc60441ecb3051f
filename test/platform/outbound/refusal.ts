/** The error of a rejected request. */
import { SojournError } from '../../../src/platform/errors/index.ts';

export async function refusalOf(work: Promise<unknown>) {
  try {
    await work;
  } catch (error) {
    if (error instanceof SojournError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('it was not refused');
}
