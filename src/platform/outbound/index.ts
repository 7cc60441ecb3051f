/**
 * The only way out of the process (besides the AWS SDK, which brings its own). Owns: one bounded HTTP request, and one
 * that goes to public or named networks alone. Does not own: retries and what an answer means.
 */
export { type Permits, permitsIn } from './addresses.ts';
export { type Guard, getGuarded, lookGuarded, postGuarded, type Resolve } from './guarded.ts';
export { lightFetch } from './light-fetch.ts';
export { type OutboundAnswer, type OutboundRequest, send } from './send.ts';
