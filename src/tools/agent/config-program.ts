/** The child process of config-process.ts: receives a request, sends the configuration or its errors, and ends. */

import { SojournError } from '../../platform/errors/index.ts';
import { loadAgentConfig } from '../../server/config/index.ts';
import type { ConfigRequest, ConfigResult } from './config-process.ts';

process.once('message', async (request: ConfigRequest) => {
  const result = await load(request);
  process.send?.(result, () => process.disconnect());
});

async function load(request: ConfigRequest): Promise<ConfigResult> {
  try {
    return { config: await loadAgentConfig(request) };
  } catch (error) {
    if (!(error instanceof SojournError && error.code === 'config_invalid')) throw error;
    const { message: detail, advice, faults } = error;
    return { detail, advice, faults };
  }
}
