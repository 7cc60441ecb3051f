/** How sure a preset is: the sentences for the API, the command line and the page. */
import { type Preset, statusGroups } from './preset.ts';

/** What the groups of `status` are about, in the words of the page. */
const titles: Readonly<Record<(typeof statusGroups)[number], string>> = {
  issuer: 'the rules for issuers',
  token: 'the rules for tokens',
  spend: 'how the token is sent',
  answer: 'the answer',
  errors: 'the error messages',
  setup: 'the set-up',
  client: 'the settings of programs',
  probe: 'the check of the access',
};

/** One sentence for each group that is not verified as a whole; empty only if everything is verified. */
export function statusNotes({ title, status, complete }: Preset): readonly string[] {
  const unverified = statusGroups.flatMap((group) => {
    const { level, on, note } = status[group];
    return level === 'unverified'
      ? [`Not verified for ${title}: ${titles[group]} (${on}).${note === undefined ? '' : ` ${note}`}`]
      : [];
  });
  const from = statusGroups.filter((group) => status[group].level === 'documents');
  const all = statusGroups.every((group) => status[group].level === 'verified');
  return [
    ...(all
      ? []
      : [
          `${title} was not tested as a whole against the real service.${
            from.length > 0 ? ` From documents only: ${from.map((group) => titles[group]).join(', ')}.` : ''
          }`,
        ]),
    ...(complete ? [] : [`The support of ${title} is made from documents alone.`]),
    ...unverified,
  ];
}
