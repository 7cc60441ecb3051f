/**
 * A link to Cloud Shell, and a line to paste there. Cloud Shell links can open only a public git repository
 * (cloud.google.com/shell/docs/open-in-cloud-shell), which cannot contain the file of a connection.
 */
import type { PublicFiles, SetupFile } from '../contract/index.ts';
import { shellWord, uriList } from '../encode/index.ts';

const shell = 'https://shell.cloud.google.com/?show=terminal';

export function links(files: PublicFiles): readonly SetupFile[] {
  const script = files.get('setup.sh');
  if (script === undefined)
    return [uriList('cloud-shell.uri', shell, 'Cloud Shell; upload setup.sh there and run it: sh setup.sh')];
  // The check runs only the generated script, even if others can write to the bucket.
  const check = `printf '%s  setup.sh\\n' ${script.sha256} | sha256sum --check --quiet`;
  return [
    uriList('cloud-shell.uri', shell, 'Cloud Shell; paste the line of cloud-shell.sh there'),
    {
      name: 'cloud-shell.sh',
      mediaType: 'text/x-shellscript',
      title: 'One line for Cloud Shell: downloads setup.sh, checks its SHA-256 hash and runs it',
      content: `curl -fsSo setup.sh ${shellWord(script.url)} && ${check} && sh setup.sh\n`,
    },
  ];
}
