/**
 * Outbound HTTP: all requests of the process except those of the AWS SDK. Owns: a bounded request, and a request to a URL
 * from outside that may only reach public or allowed networks. Does not own: retries and the meaning of responses.
 */
export { type AddressFilter, addressFilterFor } from './addresses.ts';
export { type EgressPolicy, fetchExternal, getExternal, postExternal, type Resolve } from './external.ts';
export { lightFetch } from './light-fetch.ts';
export { type OutboundRequest, type OutboundResponse, send } from './send.ts';
