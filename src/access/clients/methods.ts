/** The ways in which a client authenticates, by name. */
export const methodNames = ['client_secret', 'private_key_jwt', 'federated', 'tls'] as const;

export type Method = (typeof methodNames)[number];
