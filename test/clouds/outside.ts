/** Intercepts the network of the process: every outgoing request is recorded and answered here, so none leaves it. */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Left {
  readonly method: string | undefined;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Outside {
  readonly left: readonly Left[];
  /** Gives the process its network back. */
  close(): void;
}

/** Redirects every connection of the process, including TLS, to a server that returns `answer`. */
export async function closeNetwork(answer: {
  readonly status: number;
  readonly body: string;
}): Promise<Outside> {
  const left: Left[] = [];
  const server = http.createServer(async (request, response) => {
    const { method, headers } = request;
    const body = await text(request);
    left.push({ method, url: `https://${headers.host}${request.url}`, headers, body });
    response.writeHead(answer.status).end(answer.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const network = https.globalAgent;
  const detour = new https.Agent({ keepAlive: true });
  detour.createConnection = () => net.connect(port, '127.0.0.1');
  https.globalAgent = detour;
  return {
    left,
    close: () => {
      https.globalAgent = network;
      detour.destroy();
      server.close();
    },
  };
}

/** The headers that our HTTP client adds to a POST. */
export const ownHeaders = (host: string, length: number) => ({
  accept: '*/*',
  'accept-encoding': 'identity',
  connection: 'keep-alive',
  'content-length': String(length),
  host,
  'user-agent': 'sojourn',
});

/** Successful responses of the three clouds, as recorded or documented. */
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
