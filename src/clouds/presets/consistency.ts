/** Faults between the fields of a preset: what its templates read, and where a token could go. */
import type { Fault } from '../../platform/errors/index.ts';
import { callNames } from './dialects.ts';
import type { Input, Preset, Probe, Spend } from './preset.ts';
import { namesIn, templateFaults } from './template.ts';

/** Exactly as in the token. */
export const factNames = ['issuer', 'subject', 'audience', 'connection', 'name', 'vendor'] as const;

/** What a client's variables and files can contain besides the inputs. `folder` is replaced on the client's machine. */
export const clientNames = [
  'token',
  'cloud_token',
  'access_key_id',
  'secret_access_key',
  'session_token',
  'expires_at',
  'folder',
] as const;

/** `audience` can be an input: the token has its value. */
const reservedInputs: ReadonlySet<string> = new Set([
  ...factNames.filter((name) => name !== 'audience'),
  'tenant',
  'labels',
]);

export function consistencyFaults(preset: Preset): Fault[] {
  const inputs = readableInputs(preset);
  const values = Object.keys(preset.setup.values);
  const readable = new Set(inputs);
  const client = new Set([...inputs, ...clientNames, 'subject']);
  const facts = new Set([...inputs, ...factNames]);
  // Names that people choose need the quotes of a language.
  const plainFacts = new Set([...facts].filter((name) => name !== 'name' && name !== 'vendor'));
  const texts: readonly (readonly [string, string, ReadonlySet<string>])[] = [
    ...Object.entries(preset.inputs).map(
      ([name, { default: text = '' }]) => [`inputs.${name}.default`, text, readable] as const,
    ),
    ['token.audience', preset.token.audience, readable],
    ...under('token.claims', preset.token.claims, readable),
    ...preset.spend.flatMap((spend, index) =>
      textsOf(spend, `spend.${index}`, new Set([...inputs, ...callNames])),
    ),
    ...under('setup.values', preset.setup.values, plainFacts),
    ...preset.setup.files.map(
      ({ content, language }, index) =>
        [
          `setup.files.${index}.content`,
          content,
          new Set([...(language === 'text' ? plainFacts : facts), ...values]),
        ] as const,
    ),
    ...(preset.lint ? textsOfLint(preset.lint, facts) : []),
    ...under('client.variables', preset.client.variables, client),
    ...preset.client.files.map(
      ({ content }, index) => [`client.files.${index}.content`, content, client] as const,
    ),
    ...(preset.probe ? textsOfProbe(preset.probe, readable) : []),
  ];
  return [
    ...texts.flatMap(([path, text, names]) =>
      templateFaults(text, names).map((message) => ({ path, message })),
    ),
    ...loops(preset.inputs),
    ...Object.entries(preset.inputs).flatMap(([name, input]) => inputFaults(name, input)),
    ...[...facts]
      .filter((name) => values.includes(name))
      .map((name) => ({
        path: `setup.values.${name}`,
        message: 'must not have the name of an input or a fact',
      })),
    ...inputs
      .filter((name) => reservedInputs.has(name))
      .map((name) => ({
        path: `inputs.${name}`,
        message: `must not be ${[...reservedInputs].join(', ')}: these are facts, or columns of an import`,
      })),
    ...referenceFaults(preset),
    ...exclusiveFaults(preset),
    ...hostFaults(preset),
  ];
}

/** A certificate has a second name, for its base64. */
const readableInputs = ({ inputs }: Preset): readonly string[] =>
  Object.entries(inputs).flatMap(([name, { type }]) =>
    type === 'certificate' ? [name, `${name}_data`] : [name],
  );

const under = (at: string, templates: Readonly<Record<string, string>>, names: ReadonlySet<string>) =>
  Object.entries(templates).map(([name, text]) => [`${at}.${name}`, text, names] as const);

const textsOf = (spend: Spend, at: string, names: ReadonlySet<string>) =>
  spend.kind === 'bearer'
    ? []
    : [
        [`${at}.url`, spend.url, names] as const,
        ...under(`${at}.headers`, spend.headers, names),
        ...under(`${at}.parameters`, spend.parameters, names),
        ...(spend.kind === 'sts' ? under(`${at}.query`, spend.query, names) : []),
      ];

const textsOfLint = (
  { within = '', rules, others }: NonNullable<Preset['lint']>,
  names: ReadonlySet<string>,
) => [
  ['lint.within', within, names] as const,
  ['lint.others.name.value', others?.name?.value ?? '', names] as const,
  ...rules.flatMap(({ value, or }, index) => [
    [`lint.rules.${index}.value`, value, names] as const,
    ...or.map((other, place) => [`lint.rules.${index}.or.${place}.value`, other.value, names] as const),
  ]),
];

function textsOfProbe(probe: Probe, names: ReadonlySet<string>) {
  if (probe.kind === 'kafka')
    return [
      ['probe.servers', probe.servers, names] as const,
      ...under('probe.extensions', probe.extensions, names),
    ];
  if (probe.kind === 'mongodb') return [['probe.cluster', probe.cluster, names] as const];
  const called = [['probe.url', probe.url, names] as const, ...under('probe.headers', probe.headers, names)];
  if (probe.kind === 'request') return called;
  const { url, headers } = probe.sign_out;
  return [
    ...called,
    ...under('probe.parameters', probe.parameters, names),
    ['probe.sign_out.url', url, names] as const,
    ...under('probe.sign_out.headers', headers, new Set([...names, 'session_token'])),
  ];
}

function inputFaults(name: string, { type, pattern }: Input): Fault[] {
  const needsPattern = type === 'text' || type === 'list';
  if (needsPattern === (pattern !== undefined)) return [];
  return [
    {
      path: `inputs.${name}.pattern`,
      message: needsPattern ? `is required for an input of type ${type}` : `cannot be used for ${type}`,
    },
  ];
}

/** An input whose default is made from itself. */
function loops(inputs: Preset['inputs']): Fault[] {
  const readsItself = (start: string): boolean => {
    const seen = new Set<string>();
    const open = [...namesIn(inputs[start]?.default ?? '')];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (name === start) return true;
      if (!seen.has(name)) open.push(...namesIn(inputs[name]?.default ?? ''));
      seen.add(name);
    }
    return false;
  };
  return Object.keys(inputs)
    .filter(readsItself)
    .map((name) => ({ path: `inputs.${name}.default`, message: 'depends on itself' }));
}

/** Without a check of the subject the audience alone separates tenants, so a set-up report must not choose it. */
function exclusiveFaults({ inputs, token }: Preset): Fault[] {
  const names = namesIn(token.audience);
  const isStated = names.every((name) => {
    const { required, reported, default: text } = inputs[name] ?? {};
    return required && !reported && text === undefined;
  });
  if (token.checks_subject || (names.length > 0 && isStated)) return [];
  return [
    {
      path: 'token.audience',
      message: 'must contain an input, and only required ones without a default that are not reported',
    },
  ];
}

function referenceFaults({ inputs, token, spend, ca_input: authority }: Preset): Fault[] {
  const claims = token.claims_input;
  return [
    ...(authority !== undefined && inputs[authority]?.type !== 'certificate'
      ? [{ path: 'ca_input', message: 'must be the name of an input of type certificate' }]
      : []),
    ...(claims !== undefined && inputs[claims]?.type !== 'claims'
      ? [{ path: 'token.claims_input', message: 'must be the name of an input of type claims' }]
      : []),
    ...spend.flatMap((way, index) =>
      way.kind === 'sts' && way.lifetime && inputs[way.lifetime.input]?.type !== 'seconds'
        ? [
            {
              path: `spend.${index}.lifetime.input`,
              message: 'must be the name of an input of type seconds',
            },
          ]
        : [],
    ),
    ...spend.flatMap(({ when }, index) => [
      ...(when !== undefined && !Object.hasOwn(inputs, when)
        ? [{ path: `spend.${index}.when`, message: 'must be the name of an input' }]
        : []),
      ...((when === undefined) === (index === spend.length - 1)
        ? []
        : [
            {
              path: `spend.${index}.when`,
              message: 'is required for every way but the last, which has none',
            },
          ]),
    ]),
    ...Object.keys(token.claims)
      .filter((name) => reservedClaims.has(name))
      .map((name) => ({ path: `token.claims.${name}`, message: 'is set by Sojourn' })),
  ];
}

/** The issuer alone decides them. `azp` replaces the audience in some clouds. */
export const reservedClaims: ReadonlySet<string> = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'azp',
]);

/**
 * The host of a URL is either written in the preset, or an input of type url begins the URL; the pattern in `hosts` is
 * checked for each request. The query never contains the token, so no template of a URL can read it.
 */
function hostFaults(preset: Preset): Fault[] {
  const { hosts, inputs } = preset;
  return urlsOf(preset).flatMap(([path, url]) => {
    const first = /^\{\{([a-z0-9_]+)\}\}/.exec(url)?.[1];
    if (first !== undefined)
      return inputs[first]?.type === 'url'
        ? []
        : [{ path, message: `must begin with https:// or an input of type url, which ${first} is not` }];
    if (!url.startsWith('https://'))
      return [{ path, message: 'must begin with https:// or an input of type url' }];
    // A host with a placeholder is checked for each request.
    const [origin = ''] = /^https:\/\/[^/]*/.exec(url) ?? [];
    if (origin.includes('{{')) return [];
    const host = URL.canParse(origin) ? new URL(origin).host : '';
    return isPinned(host, hosts) ? [] : [{ path, message: `goes to ${host}, which is not in hosts` }];
  });
}

/** The URLs to which a token or a session goes, with their place in the preset. */
export const urlsOf = ({ spend, probe }: Pick<Preset, 'spend' | 'probe'>) => [
  ...spend.flatMap((one, index) => (one.kind === 'bearer' ? [] : [[`spend.${index}.url`, one.url] as const])),
  ...(probe && 'url' in probe ? [['probe.url', probe.url] as const] : []),
  ...(probe?.kind === 'login' ? [['probe.sign_out.url', probe.sign_out.url] as const] : []),
];

/** Whether a token may go to the host, with its port. */
export const isPinned = (host: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) =>
    pattern === '*'
      ? true
      : pattern.startsWith('*.')
        ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
        : host === pattern,
  );
