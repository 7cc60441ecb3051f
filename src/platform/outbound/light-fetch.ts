/** As much of the standard `fetch` as the SDK asks for, for our own programs, which want to be small. */
import { open } from './open.ts';

export interface LightAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array>;
}

/** Rejects with the error of the system, or when the signal fires. */
export async function lightFetch(
  url: string,
  asking: {
    readonly method: 'GET' | 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal: AbortSignal;
  },
): Promise<LightAnswer> {
  const answer = await open(new URL(url), asking);
  return {
    status: answer.statusCode ?? 0,
    headers: { get: (name) => answer.headers[name]?.toString() ?? null },
    body: answer,
  };
}
