/** Runs once before all tests, so that workers and the programs that they start inherit the environment. */
import { loopbackOnly } from './no-network.ts';

export default function inheritLoopbackOnly(): void {
  Object.assign(process.env, loopbackOnly);
}
