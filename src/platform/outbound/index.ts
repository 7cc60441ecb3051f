/**
 * Outbound requests: all of the process except those of the AWS SDK. Owns: a bounded request, a request to a URL from
 * outside that may only reach public or allowed networks, and which base URLs may receive secrets. Does not own: retries
 * and the meaning of responses.
 */
export { type AddressFilter, addressFilterFor } from './addresses.ts';
export { isLoopback, parseBaseUrl } from './base-url.ts';
export { certificateExpiry } from './certificate.ts';
export { converse, type Peer, serversOf } from './converse.ts';
export {
  type EgressPolicy,
  fetchExternal,
  getExternal,
  postExternal,
  sendExternal,
} from './external.ts';
export { lightFetch } from './light-fetch.ts';
export type { Resolve, ServerAddress } from './resolve.ts';
export { type OutboundRequest, type OutboundResponse, observingDates, send } from './send.ts';
