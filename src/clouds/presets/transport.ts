/** Sends a token to a service: only to the hosts of the preset, never to a redirect, and never in a URL. */
import { SojournError } from '../../platform/errors/index.ts';
import {
  type AddressFilter,
  addressFilterFor,
  converse,
  type EgressPolicy,
  type OutboundRequest,
  type OutboundResponse,
  type Peer,
  type ServerAddress,
  send,
  sendExternal,
} from '../../platform/outbound/index.ts';
import type { CloudContext, CloudSettings } from '../contract/index.ts';
import { joinUrl } from '../request.ts';
import { isPinned } from './consistency.ts';
import type { Preset } from './preset.ts';
import type { PresetTarget } from './target.ts';

/** Of one preset, from the section `presets` of the configuration. */
export interface PresetSettings extends CloudSettings {
  /** Replaces the scheme and host of every address, for a sandbox or a gateway. */
  readonly endpoint?: string;
  /** CIDRs of private networks in which a service may be. */
  readonly allow_networks?: readonly string[];
}

/** @throws {SojournError} `cloud_request_invalid` for a host that the preset does not pin; `cloud_…` without an answer */
export async function sendToService(
  preset: Preset,
  target: PresetTarget,
  request: OutboundRequest,
  settings: PresetSettings,
): Promise<OutboundResponse> {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  if (!url || !isPinned(url.host, preset.hosts)) throw foreignHost(preset, url?.host);
  const { endpoint } = settings;
  const answer =
    endpoint === undefined
      ? await sendExternal(request, policyFor(preset, target, settings, url.host))
      : await send({ ...request, url: joinUrl(endpoint, url.pathname + url.search) });
  if (answer.status >= 300 && answer.status < 400)
    throw new SojournError('cloud_answer_unknown', {
      detail: `${url.host} redirects with status ${answer.status}. A token is not sent to another address.`,
      advice: 'Give the address to which it redirects in the target, if it is the right one.',
    });
  return answer;
}

/**
 * Holds a conversation in the protocol of the service, to whose port no host is bound.
 * @throws {SojournError} as `sendToService`
 */
export async function converseWithService<T>(
  preset: Preset,
  target: PresetTarget,
  server: ServerAddress,
  { settings, signal }: Pick<CloudContext<PresetSettings>, 'settings' | 'signal'>,
  talk: (peer: Peer) => Promise<T>,
): Promise<T> {
  if (!isPinned(server.host, preset.hosts)) throw foreignHost(preset, server.host);
  const { endpoint } = settings;
  const route = endpoint === undefined ? policyFor(preset, target, settings, server.host) : { url: endpoint };
  return converse(server, route, signal, async (peer) => {
    try {
      return await talk(peer);
    } catch (cause) {
      // A length outside the answer.
      if (!(cause instanceof RangeError)) throw cause;
      const detail = `The answer of ${server.host}:${server.port} is not readable.`;
      throw new SojournError('cloud_answer_unknown', { detail, cause });
    }
  });
}

const foreignHost = ({ title }: Preset, host = 'The address') =>
  new SojournError('cloud_request_invalid', {
    detail: `${host} is not a host of ${title}, so no token is sent to it.`,
  });

function policyFor(
  { ca_input }: Preset,
  target: PresetTarget,
  { allow_networks = [] }: PresetSettings,
  displayName: string,
): EgressPolicy {
  const authority = ca_input === undefined ? undefined : target[ca_input];
  return {
    isAllowed: filterFor(allow_networks),
    setting: 'presets.allow_networks',
    displayName,
    ...(typeof authority === 'string' ? { ca: authority } : {}),
  };
}

const filters = new WeakMap<readonly string[], AddressFilter>();

/** A filter is made once for a configuration. */
function filterFor(networks: readonly string[]): AddressFilter {
  const filter = filters.get(networks) ?? addressFilterFor(networks);
  filters.set(networks, filter);
  return filter;
}
