/** Presents a bearer token to its service, which shows whether the service accepts it. */
import { SojournError } from '../../platform/errors/index.ts';
import { type Peer, type ServerAddress, serversOf } from '../../platform/outbound/index.ts';
import type { CloudContext } from '../contract/index.ts';
import { withRetries } from '../retry.ts';
import { parseAnswer, valueAt } from './answer.ts';
import { filled } from './dialects.ts';
import { explain, refusal } from './exchange.ts';
import { loginToKafka, type Refusal } from './kafka.ts';
import { loginToMongodb, serversInDomain } from './mongodb.ts';
import type { Preset, Probe, ProbeOf } from './preset.ts';
import { type PresetTarget, valuesOf } from './target.ts';
import { render, type TemplateValues } from './template.ts';
import { converseWithService, type PresetSettings, sendToService } from './transport.ts';

interface Presentation {
  readonly preset: Preset;
  readonly target: PresetTarget;
  readonly values: TemplateValues;
  readonly token: string;
  readonly context: CloudContext<PresetSettings>;
}

/** @throws {SojournError} `cloud_…` */
export function present(
  preset: Preset,
  probe: Probe,
  target: PresetTarget,
  token: string,
  context: CloudContext<PresetSettings>,
): Promise<void> {
  const presentation = { preset, target, values: valuesOf(preset, target), token, context };
  if (probe.kind === 'request') return request(probe, presentation);
  if (probe.kind === 'login') return login(probe, presentation);
  return probe.kind === 'kafka' ? kafka(probe, presentation) : mongodb(probe, presentation);
}

async function request(
  probe: ProbeOf<'request'>,
  { preset, target, values, token, context: { settings, signal } }: Presentation,
): Promise<void> {
  const url = render(probe.url, values);
  const headers = {
    accept: 'application/json',
    ...filled(probe.headers, values),
    authorization: `Bearer ${token}`,
  };
  await withRetries(async () => {
    const answer = await sendToService(preset, target, { method: 'GET', url, headers, signal }, settings);
    if (probe.accepted.includes(answer.status)) return;
    throw refusal(preset, answer, new URL(url).host, parseAnswer('json', answer.body));
  }, signal);
}

/** The session that a log-in opens is ended at once; that is best effort, because it says nothing about the token. */
async function login(
  probe: ProbeOf<'login'>,
  { preset, target, values, token, context: { settings, signal } }: Presentation,
): Promise<void> {
  const post = (url: string, headers: Readonly<Record<string, string>>, body: string) =>
    sendToService(
      preset,
      target,
      {
        method: 'POST',
        url,
        headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
        body,
        signal,
      },
      settings,
    );
  const url = render(probe.url, values);
  const body = nested({ ...filled(probe.parameters, values), [probe.token_parameter]: token });
  const document = await withRetries(async () => {
    const answer = await post(url, filled(probe.headers, values), body);
    const said = parseAnswer('json', answer.body);
    if (answer.status === 200 && valueAt(said, probe.success) === true) return said;
    throw refusal(preset, answer, new URL(url).host, said);
  }, signal);
  const { sign_out: signOut } = probe;
  const known = { ...values, session_token: String(valueAt(document, signOut.session) ?? '') };
  await post(render(signOut.url, values), filled(signOut.headers, known), '').catch(() => undefined);
}

/** The members by path, as one JSON object. */
function nested(members: Readonly<Record<string, string>>): string {
  const root: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(members)) {
    const names = path.split('.');
    const last = names.pop()!;
    const parent = names.reduce((object, name) => {
      object[name] ??= {};
      return object[name] as Record<string, unknown>;
    }, root);
    parent[last] = value;
  }
  return JSON.stringify(root);
}

async function kafka(probe: ProbeOf<'kafka'>, presentation: Presentation): Promise<void> {
  const { values, token } = presentation;
  const servers = render(probe.servers, values)
    .split(',')
    .map((server) => ({ host: server.replace(/:\d+$/, ''), port: Number(/\d+$/.exec(server)?.[0]) }));
  const extensions = filled(probe.extensions, values);
  await logIn(servers, presentation, (peer) => loginToKafka(peer, token, extensions));
}

async function mongodb(probe: ProbeOf<'mongodb'>, presentation: Presentation): Promise<void> {
  const { values, token, context } = presentation;
  const host = render(probe.cluster, values);
  const servers =
    context.settings.endpoint === undefined
      ? serversInDomain(host, await serversOf(`_mongodb._tcp.${host}`, context.signal))
      : [{ host, port: 27017 }];
  if (servers.length === 0)
    throw new SojournError('cloud_unavailable', { detail: `No server in the domain of ${host} was found.` });
  await logIn(servers, presentation, (peer) => loginToMongodb(peer, token));
}

/** Each attempt uses the next server. */
async function logIn(
  servers: readonly ServerAddress[],
  { preset, target, context }: Presentation,
  talk: (peer: Peer) => Promise<Refusal | undefined>,
): Promise<void> {
  let attempts = 0;
  await withRetries(async () => {
    const server = servers[attempts++ % servers.length]!;
    const refused = await converseWithService(preset, target, server, context, talk);
    if (refused) throw explain(preset, { status: 0, step: '', ...refused });
  }, context.signal);
}
