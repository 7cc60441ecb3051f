/** What a request that is refused is refused with. */
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
