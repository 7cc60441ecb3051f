/** The network as seen from the process: whatever leaves it is written down and answered here, so that nothing does. */
export interface Left {
  readonly method: string | undefined;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Outside {
  readonly left: readonly Left[];
  /** Gives the process its network back. */
  close(): void;
}

/** Takes the place of the network, with `answer` for every request. */
export function closeNetwork(answer: { readonly status: number; readonly body: string }): Outside {
  const left: Left[] = [];
  const network = globalThis.fetch;
  globalThis.fetch = (url, init) => {
    const headers = Object.fromEntries(new Headers(init?.headers));
    left.push({ method: init?.method, url: url as string, headers, body: init?.body as string });
    return Promise.resolve(new Response(answer.body, { status: answer.status }));
  };
  return {
    left,
    close: () => {
      globalThis.fetch = network;
    },
  };
}

/** Good answers of the three clouds, as recorded or documented. */
export const awsPass = (expiration = '2026-11-23T13:00:00Z') =>
  `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
 <SubjectFromWebIdentityToken>con_1</SubjectFromWebIdentityToken><Audience>sts.amazonaws.com</Audience>
 <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/vendor/s</Arn><AssumedRoleId>AROA1:s</AssumedRoleId></AssumedRoleUser>
 <Credentials><AccessKeyId>ASIAKEY</AccessKeyId><SecretAccessKey>secret/key+</SecretAccessKey><SessionToken>session//token==</SessionToken><Expiration>${expiration}</Expiration></Credentials>
 <Provider>arn:aws:iam::111122223333:oidc-provider/id.example.com</Provider><PackedPolicySize>25</PackedPolicySize>
</AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`;

export const awsFault = (code: string, message: string) =>
  `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`;

export const azurePass = { token_type: 'Bearer', expires_in: 3599, access_token: 'azure-access' };
export const federatedPass = {
  access_token: 'ya29.federated',
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  token_type: 'Bearer',
  expires_in: 300,
};
export const accountPass = { accessToken: 'ya29.account', expireTime: '2026-11-23T13:00:00Z' };
