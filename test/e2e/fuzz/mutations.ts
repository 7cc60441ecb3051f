/** Mutations of a valid request. Each changes one thing; several can be combined. */
import type { Random } from './random.ts';
import { bodyOf, type Draft, formType, setHeader } from './request.ts';

type Mutation = (draft: Draft, random: Random) => void;

const names = [
  '',
  ' ',
  '\u0000',
  ...'client_id client_secret grant_type resource audience scope client_assertion client_assertion_type'.split(
    ' ',
  ),
  ...'subject_token subject_token_type requested_token_type actor_token assertion request request_uri'.split(
    ' ',
  ),
  ...'code refresh_token username password dpop_jkt role_arn sub aud claims duration_seconds tenant'.split(
    ' ',
  ),
  ...'__proto__ constructor then toString hasOwnProperty x client_id[] resource[0] ＣＬＩＥＮＴ_ＩＤ'.split(
    ' ',
  ),
];
const values = [
  '',
  ' ',
  '\u0000',
  '\r\n',
  'e\u0301',
  '\u202e',
  '\ud800',
  "' OR 1=1 --",
  '[object Object]',
  ...'0 null undefined true [] {} __proto__ client_credentials authorization_code password'.split(' '),
  ...'urn:ietf:params:oauth:grant-type:token-exchange urn:sojourn:api urn:sojourn:connection:'.split(' '),
  ...'urn:sojourn:connection:../x https://a.example/#x http://[::1 sts.amazonaws.com 😀 é % %00'.split(' '),
  ...'%c0%af .. /etc/passwd ${jndi:ldap://x} <script> eyJhbGciOiJub25lIn0.e30.'.split(' '),
];
const types = [
  '',
  'x',
  ';',
  'application/json',
  'text/plain',
  'multipart/form-data; boundary=x',
  formType.toUpperCase(),
  `${formType}; charset=utf-8`,
  `${formType}; charset=utf-16`,
  `${formType}, application/json`,
];
const methods = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY', 'POSTT', 'post'];
const paths = [
  ...'/token/ //token /TOKEN /token? /./token /%74oken /token%00 /t/x/token * /token#x / /v1/token'.split(
    ' ',
  ),
  ...'/t/ten_00000000000000000000000000/token http://evil.example/token'.split(' '),
];

const place = (draft: Draft, random: Random): number => random.below(Math.max(1, draft.form.length));

const changeValue = (draft: Draft, random: Random, change: (value: string) => string): void => {
  const pair = draft.form[place(draft, random)];
  if (pair) pair[1] = change(pair[1]);
};

/** One character becomes another; a bit of it where there is luck. */
function flip(text: string, random: Random): string {
  if (text === '') return 'x';
  const at = random.below(text.length);
  const code = random.chance(0.5) ? text.charCodeAt(at) ^ (1 << random.below(7)) : random.below(256);
  return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
}

/** Another header or payload under the same signature. */
function bendJws(compact: string, random: Random): string {
  const parts = compact.split('.');
  const at = random.below(2);
  try {
    const object = JSON.parse(Buffer.from(parts[at] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    const name = random.pick(['alg', 'kid', 'typ', 'crit', 'jwk', 'iss', 'sub', 'aud', 'exp', 'iat', 'jti']);
    object[name] = random.pick([undefined, null, 'none', 'HS256', '', 0, -1, 1e308, [], {}, 'x'.repeat(500)]);
    parts[at] = Buffer.from(JSON.stringify(object)).toString('base64url');
  } catch {
    parts[at] = flip(parts[at] ?? '', random);
  }
  return parts.join('.');
}

const ofTheForm: readonly Mutation[] = [
  (draft, random) => draft.form.splice(place(draft, random), 1),
  (draft, random) => changeValue(draft, random, (value) => flip(value, random)),
  (draft, random) => changeValue(draft, random, () => random.pick(values)),
  (draft, random) => changeValue(draft, random, (value) => value + random.pick(values)),
  (draft, random) => changeValue(draft, random, (value) => value.slice(0, random.below(value.length + 1))),
  (draft, random) => changeValue(draft, random, (value) => value.toUpperCase()),
  (draft, random) => changeValue(draft, random, () => 'x'.repeat(1 << random.below(15))),
  (draft, random) => {
    const pair = draft.form[place(draft, random)];
    if (pair) draft.form.splice(random.below(draft.form.length + 1), 0, [...pair]);
  },
  (draft, random) => draft.form.push([random.pick(names), random.pick(values)]),
  (draft, random) => {
    const pair = draft.form[place(draft, random)];
    if (pair) pair[0] = random.chance(0.5) ? random.pick(names) : flip(pair[0], random);
  },
  // A value where another belongs: a secret in place of a name, an assertion in place of a resource.
  (draft, random) => {
    const [one, other] = [draft.form[place(draft, random)], draft.form[place(draft, random)]];
    if (one && other) [one[1], other[1]] = [other[1], one[1]];
  },
  (draft, random) => {
    const pair = draft.form[place(draft, random)];
    if (pair) pair.reverse();
  },
  (draft, random) => {
    const jws = draft.form.find(([, value]) => value.split('.').length === 3 && value.startsWith('eyJ'));
    if (jws) jws[1] = bendJws(jws[1], random);
  },
];

const ofTheBody: readonly Mutation[] = [
  (draft, random) => {
    const count = random.chance(0.03) ? 9_000 : 60;
    draft.body = `${bodyOf(draft)}${'&a='.repeat(count)}`;
  },
  (draft, random) => {
    draft.body = flip(bodyOf(draft), random);
  },
  (draft, random) => {
    draft.body = bodyOf(draft).replace('=', `=${random.pick(['%', '%zz', '%e0%a4%a', '%ff%fe', '%u0041'])}`);
  },
  (draft, random) => {
    draft.body = random.pick(['', '&', '=', '&&==&', '{}', '[', '\u0000', 'x'.repeat(16_384)]);
  },
  (draft) => {
    draft.body = JSON.stringify(Object.fromEntries(draft.form));
  },
  (draft, random) => {
    if (random.chance(0.2)) draft.body = `${bodyOf(draft)}&pad=`.padEnd(16_380 + random.below(10), 'x');
  },
];

const ofTheHead: readonly Mutation[] = [
  (draft, random) => setHeader(draft, 'Content-Type', random.pick(types)),
  (draft, random) => {
    draft.headers = draft.headers.filter(([name]) => name !== random.pick(['Content-Type', 'Host']));
  },
  (draft, random) => {
    const basic = draft.headers.find(([name]) => name === 'Authorization');
    if (basic) basic[1] = flip(basic[1], random).replace(/[^\x20-\x7e]/g, '~');
    else
      draft.headers.push([
        'Authorization',
        random.pick(['Basic', 'Basic ====', 'Bearer x', 'x', 'Basic Og==']),
      ]);
  },
  (draft, random) => {
    const { form } = draft;
    const secret = form.find(([name]) => name === 'client_secret')?.[1] ?? random.pick(values);
    const value = Buffer.from(`${random.pick(['x', '', '%', ':'])}:${secret}`).toString('base64');
    draft.headers.push(['Authorization', `${random.pick(['Basic', 'basic', 'BASIC'])} ${value}`]);
  },
  (draft, random) =>
    setHeader(draft, 'Host', random.pick(['evil.example', '', 'a, b', '[::1]:80', 'x'.repeat(300)])),
  (draft, random) =>
    draft.headers.push([
      random.pick([
        'X-Forwarded-For',
        'X-Forwarded-Host',
        'X-Forwarded-Proto',
        'Forwarded',
        'X-Original-URL',
      ]),
      random.pick(['evil.example', '192.0.2.1', '::ffff:1.2.3.4', 'https', '999.1.1.1', ',,,']),
    ]),
  (draft, random) => draft.headers.push(['Expect', random.pick(['100-continue', '200-ok'])]),
  (draft, random) => setHeader(draft, 'Content-Encoding', random.pick(['gzip', 'identity', 'br', 'x'])),
  (draft, random) =>
    draft.headers.push(['Transfer-Encoding', random.pick(['chunked', 'gzip', 'identity', 'x'])]),
  (draft, random) => draft.headers.push(['X-Long', 'x'.repeat(random.pick([100, 7_000, 9_000]))]),
  (draft, random) => draft.headers.push([random.pick(['X Y', 'X:Y', 'é', 'X\u0000', 'x']), 'x']),
  (draft, random) => {
    draft.method = random.pick(methods);
  },
  (draft, random) => {
    draft.path = random.pick(paths);
  },
  (draft) => {
    draft.path += `?${bodyOf(draft)}`;
  },
];

const ofTheWire: readonly Mutation[] = [
  (draft) => {
    draft.framing = 'chunked';
  },
  (draft, random) => {
    draft.lengthOff = random.pick([-10, -1, 1, 10_000, 1_000_000]);
  },
  (draft, random) => {
    draft.sent = random.next();
  },
];

/** In the order of how often: connections that are lost cost the most, and find the least. */
const kinds = [
  { share: 0.6, mutations: ofTheForm },
  { share: 0.15, mutations: ofTheBody },
  { share: 0.2, mutations: ofTheHead },
  { share: 0.05, mutations: ofTheWire },
];

export function mutate(draft: Draft, random: Random): void {
  for (let times = random.pick([0, 1, 1, 1, 1, 2, 2, 3]); times > 0; times--) {
    let left = random.next();
    const kind = kinds.find(({ share }) => {
      left -= share;
      return left < 0;
    });
    random.pick(kind?.mutations ?? ofTheForm)(draft, random);
  }
}
