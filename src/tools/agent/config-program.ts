/** The process that reads the configuration: it is told from where, tells what stands there, and ends. */

import { SojournError } from '../../platform/errors/index.ts';
import { loadAgentConfig } from '../../server/config/index.ts';
import type { Outcome, Wish } from './config-process.ts';

process.once('message', async (wish: Wish) => {
  const outcome = await outcomeOf(wish);
  process.send?.(outcome, () => process.disconnect());
});

async function outcomeOf(wish: Wish): Promise<Outcome> {
  try {
    return { config: await loadAgentConfig(wish) };
  } catch (error) {
    if (!(error instanceof SojournError && error.code === 'config_invalid')) throw error;
    const { message: detail, advice, faults } = error;
    return { detail, advice, faults };
  }
}
