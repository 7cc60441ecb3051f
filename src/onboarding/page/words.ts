/** How times and states are told to people. Pure. */
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';

/** In UTC and to the minute: the reader's own zone is not known here. */
export const moment = (at: string): Html =>
  html`<time datetime="${at}">${at.slice(0, 10)} ${at.slice(11, 16)} UTC</time>`;

export interface Told {
  readonly word: string;
  readonly tone: 'good' | 'wait' | 'bad' | 'still';
  readonly say: string;
}

export function stateWords({ state, settled, invitation, facts: { vendor } }: View): Told {
  switch (state) {
    case 'active':
      return {
        word: 'Active',
        tone: 'good',
        say: `Your cloud let ${vendor} in with a fresh token. Nothing more to do.`,
      };
    case 'paused':
      return {
        word: 'Paused',
        tone: 'still',
        say: `Nobody gets a token or credentials for this access, ${vendor} included, until you resume it.`,
      };
    case 'disabled':
      return {
        word: 'Switched off',
        tone: 'still',
        say: `${vendor} has switched this access off on their side.`,
      };
    case 'failing':
      return {
        word: 'Not working',
        tone: 'bad',
        say: settled
          ? `It worked before, but your cloud did not let ${vendor} in the last time.`
          : `Your report has arrived, but your cloud did not let ${vendor} in.`,
      };
    case 'pending':
      return invitation.report
        ? {
            word: 'Being checked',
            tone: 'wait',
            say: 'Your report has arrived and is being tried. A new trust may take minutes to be known everywhere.',
          }
        : { word: 'Waiting for you', tone: 'wait', say: 'Nothing is set up yet.' };
  }
}
