/** How much of a repeated test is run: a part in `npm test`, all of it in `npm run test:long`. */
const isLongRun = process.env.SOJOURN_TEST_LONG === '1';

/** @param part enough to find a regression; @param full the figure that docs and issues promise */
export const repetitions = ({ part, full }: { readonly part: number; readonly full: number }): number =>
  isLongRun ? full : part;
