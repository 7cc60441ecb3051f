/** Sends a token to a service: only to the hosts of the preset, never to a redirect, and never in a URL. */
import { SojournError } from '../../platform/errors/index.ts';
import {
  type AddressFilter,
  addressFilterFor,
  type OutboundRequest,
  type OutboundResponse,
  send,
  sendExternal,
} from '../../platform/outbound/index.ts';
import type { CloudSettings } from '../contract/index.ts';
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
  { title, hosts, ca_input }: Preset,
  target: PresetTarget,
  request: OutboundRequest,
  settings: PresetSettings,
): Promise<OutboundResponse> {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  if (!url || !isPinned(url.host, hosts))
    throw new SojournError('cloud_request_invalid', {
      detail: `${url?.host ?? 'The address'} is not a host of ${title}, so no token is sent to it.`,
    });
  const { endpoint, allow_networks = [] } = settings;
  const authority = ca_input === undefined ? undefined : target[ca_input];
  const answer =
    endpoint === undefined
      ? await sendExternal(request, {
          isAllowed: filterFor(allow_networks),
          setting: 'presets.allow_networks',
          displayName: url.host,
          ...(typeof authority === 'string' ? { ca: authority } : {}),
        })
      : await send({ ...request, url: joinUrl(endpoint, url.pathname + url.search) });
  if (answer.status >= 300 && answer.status < 400)
    throw new SojournError('cloud_answer_unknown', {
      detail: `${url.host} redirects with status ${answer.status}. A token is not sent to another address.`,
      advice: 'Give the address to which it redirects in the target, if it is the right one.',
    });
  return answer;
}

const filters = new WeakMap<readonly string[], AddressFilter>();

/** A filter is made once for a configuration. */
function filterFor(networks: readonly string[]): AddressFilter {
  const filter = filters.get(networks) ?? addressFilterFor(networks);
  filters.set(networks, filter);
  return filter;
}
