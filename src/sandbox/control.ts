/** The routes under `/sandbox`, with which a test or a drill sets the clock, injects faults and reads the log. */
import type { z } from 'zod';
import { toTimestamp } from '../platform/time/index.ts';
import type { SandboxCloud, SandboxRequest, SandboxResponse } from './contract.ts';
import { clockSetting, faultSetting, guardrailSetting, type SandboxState } from './state.ts';

export function control(
  state: SandboxState,
  clouds: readonly SandboxCloud[],
  request: SandboxRequest,
): SandboxResponse {
  switch (`${request.method} ${request.path}`) {
    case 'POST /reset':
      for (const cloud of clouds) cloud.reset();
      state.reset();
      return json(200, {});
    case 'PUT /clock':
      return withBody(clockSetting, request, ({ offset_seconds }) => {
        state.setClock(offset_seconds);
        return { offset_seconds, now: toTimestamp(state.runtime.now()) };
      });
    case 'PUT /faults':
      return withBody(faultSetting(clouds.map(({ name }) => name)), request, ({ cloud, ...faults }) => {
        state.setFaults(cloud, faults);
        return { cloud, ...faults };
      });
    case 'PUT /guardrails':
      return withBody(
        guardrailSetting(clouds.flatMap(({ name, guardrails }) => (guardrails ? name : []))),
        request,
        ({ cloud, guardrails }) => {
          clouds.find(({ name }) => name === cloud)?.guardrails?.set(guardrails);
          return { cloud, guardrails };
        },
      );
    case 'GET /log':
      return json(200, { entries: state.log() });
    default:
      return notFound();
  }
}

function withBody<T extends z.ZodType>(
  shape: T,
  request: SandboxRequest,
  apply: (value: z.infer<T>) => unknown,
): SandboxResponse {
  const parsed = shape.safeParse(parse(request.body));
  if (parsed.success) return json(200, apply(parsed.data));
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  return json(400, { error: 'invalid_request', faults });
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

export const notFound = (): SandboxResponse => json(404, { error: 'not_found' });

export function json(status: number, body: unknown): SandboxResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
