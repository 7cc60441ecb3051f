/** Plain HTTP, as a script of a vendor or a customer would use it. The demo uses no internals of the server. */

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Call {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** URLSearchParams are sent as a form, anything else as JSON. */
  readonly body?: unknown;
}

const deadlineMs = 15_000;

export async function call({ method = 'GET', url, headers = {}, body }: Call): Promise<Answer> {
  const isForm = body instanceof URLSearchParams;
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }), ...headers },
    body: isForm ? body : body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(deadlineMs),
  });
  return { status: response.status, body: await response.text() };
}

/** The JSON body of a 2xx response. Rejects with the response body otherwise. */
export async function json<T>(request: Call): Promise<T> {
  const { status, body } = await call(request);
  if (status < 200 || status > 299)
    throw new Error(`${request.method ?? 'GET'} ${request.url} answered ${status}: ${body.slice(0, 500)}`);
  return (body === '' ? undefined : JSON.parse(body)) as T;
}

export interface AdminClient {
  get<T>(path: string): Promise<T>;
  /** The body of the response as text. */
  file(path: string): Promise<string>;
  post<T>(path: string, body?: unknown): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
}

export function adminClient(origin: string, token: string): AdminClient {
  const headers = { authorization: `Bearer ${token}` };
  const url = (path: string) => `${origin}/admin/v1${path}`;
  return {
    get: (path) => json({ url: url(path), headers }),
    file: async (path) => {
      const { status, body } = await call({ url: url(path), headers });
      if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${body}`);
      return body;
    },
    post: (path, body = {}) => json({ method: 'POST', url: url(path), headers, body }),
    put: (path, body) => json({ method: 'PUT', url: url(path), headers, body }),
    patch: (path, body) => json({ method: 'PATCH', url: url(path), headers, body }),
  };
}
