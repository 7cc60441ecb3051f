/**
 * The journal's time index. Lines are stored in the order of appending, and their times can be slightly out of order
 * (clocks of several replicas, a clock set back). So the index has the first and last sequence number of every hour, and
 * a search by time reads only between those two, without missing a line.
 */
export const hourOf = (at: number): number => Math.floor(at / 3_600_000);
