/** The part of the standard `fetch` that the SDK uses, for our own programs: it saves the memory of fetch. */
import { open } from './open.ts';

export interface LightResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array>;
}

/** Rejects with the system's error, or when the signal fires. */
export async function lightFetch(
  url: string,
  init: {
    readonly method: 'GET' | 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal: AbortSignal;
  },
): Promise<LightResponse> {
  const answer = await open(new URL(url), init);
  return {
    status: answer.statusCode ?? 0,
    headers: { get: (name) => answer.headers[name]?.toString() ?? null },
    body: answer,
  };
}
