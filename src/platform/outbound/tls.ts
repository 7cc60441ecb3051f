/** TLS of outbound connections. */

const tls = process.getBuiltinModule('node:tls');

/**
 * Without DHE: the server chooses the size of its group, and the two exponentiations of a client hold up the event loop for
 * seconds with 10,000 bits. Servers that need DHE have been rare for years (RFC 9325 section 4.2 recommends ECDHE).
 */
export const clientTls = { ciphers: `${tls.DEFAULT_CIPHERS}:!DHE` } as const;
