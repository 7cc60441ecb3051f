/** An audience of the connection's own, instead of the one that its cloud expects by default. */
import { z } from 'zod';

/**
 * The limit is the shortest of the clouds (IAM, CreateOpenIDConnectProvider). A token for `urn:sojourn:…` would open our own API.
 * @param foreign the audience of the probe that the cloud must refuse
 */
export const audienceField = (foreign: string) =>
  z
    .string('must be a string')
    .regex(
      /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/,
      'must be 1 to 255 visible ASCII characters without quotes and backslashes',
    )
    .refine(
      (audience) => !/^urn:sojourn:/i.test(audience),
      'must not begin with urn:sojourn:, which names this server',
    )
    .refine((audience) => audience !== foreign, 'must not be the audience of another cloud');
