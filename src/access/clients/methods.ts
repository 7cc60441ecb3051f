/** Client authentication methods. */
export const methodNames = ['client_secret', 'private_key_jwt', 'federated', 'tls'] as const;

export type Method = (typeof methodNames)[number];
