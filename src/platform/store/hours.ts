/**
 * How the journal finds a time. It is kept in the order of appending, and the clocks of several replicas (or one clock
 * set back) put times into it that are not quite in that order. So it notes for every hour the first and the last
 * sequence number that carries a time of that hour: a search reads between those two only, and misses nothing.
 */
export const hourOf = (at: number): number => Math.floor(at / 3_600_000);
