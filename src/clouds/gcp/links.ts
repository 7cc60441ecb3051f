/**
 * The way that begins with a click: Cloud Shell. Its own links open a public git repository and nothing else
 * (cloud.google.com/shell/docs/open-in-cloud-shell), which cannot carry a connection's file: so there is a line to paste.
 */
import type { PublicFiles, SetupFile } from '../contract.ts';
import { shellWord, uriList } from '../encode/index.ts';

const shell = 'https://shell.cloud.google.com/?show=terminal';

export function links(published: PublicFiles): readonly SetupFile[] {
  const script = published.get('setup.sh');
  if (script === undefined)
    return [
      uriList('cloud-shell.uri', shell, 'Cloud Shell, where setup.sh can be uploaded and run: sh setup.sh'),
    ];
  // What is run is what was generated, whoever can write to the bucket.
  const check = `printf '%s  setup.sh\\n' ${script.sha256} | sha256sum --check --quiet`;
  return [
    uriList('cloud-shell.uri', shell, 'Cloud Shell, where the line of cloud-shell.sh can be pasted'),
    {
      name: 'cloud-shell.sh',
      mediaType: 'text/x-shellscript',
      title: 'One line for Cloud Shell: fetches setup.sh, sees that it is unaltered and runs it',
      content: `curl -fsSo setup.sh ${shellWord(script.url)} && ${check} && sh setup.sh\n`,
    },
  ];
}
