/** The environment in which nothing but loopback can be reached. */

/**
 * For programs that tests start: any request that does not go to loopback goes to a proxy that does not exist. Every
 * program that we use reads these variables.
 */
export const loopbackOnly: Readonly<Record<string, string>> = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  http_proxy: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9',
  NO_PROXY: '127.0.0.1,localhost,::1',
  no_proxy: '127.0.0.1,localhost,::1',
};
