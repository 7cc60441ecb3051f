/** Times and states as text. Pure. */
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';

/** In UTC, to the minute: the server does not know the reader's time zone. */
export const timeOf = (timestamp: string): Html =>
  html`<time datetime="${timestamp}">${timestamp.slice(0, 10)} ${timestamp.slice(11, 16)} UTC</time>`;

export interface StateText {
  readonly label: string;
  /** Also a CSS class. */
  readonly tone: 'good' | 'wait' | 'bad' | 'still';
  readonly explanation: string;
}

export function stateTextOf({ state, wasActive, invitation, facts: { vendor } }: View): StateText {
  switch (state) {
    case 'active':
      return {
        label: 'Active',
        tone: 'good',
        explanation: `Your cloud accepted a fresh token of ${vendor}. You have nothing more to do.`,
      };
    case 'paused':
      return {
        label: 'Paused',
        tone: 'still',
        explanation: `The access gets no tokens and no credentials until you resume it. ${vendor} cannot resume it.`,
      };
    case 'disabled':
      return {
        label: 'Disabled',
        tone: 'still',
        explanation: `${vendor} has disabled this access.`,
      };
    case 'failing':
      return {
        label: 'Not working',
        tone: 'bad',
        explanation: wasActive
          ? `It worked before, but your cloud refused the latest token of ${vendor}.`
          : `Your report has arrived, but your cloud refused the token of ${vendor}.`,
      };
    case 'pending':
      return invitation.report
        ? {
            label: 'Being checked',
            tone: 'wait',
            explanation:
              'Your report has arrived and is being checked. A new trust can take a few minutes to work everywhere.',
          }
        : { label: 'Waiting for you', tone: 'wait', explanation: 'Nothing is set up yet.' };
  }
}
