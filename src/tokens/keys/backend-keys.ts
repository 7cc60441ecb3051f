/** The configuration keys of the external key backends; each has a section under `keys`. */
import { settings as aws_kms } from './aws-kms/settings.ts';
import { settings as azure_key_vault } from './azure-key-vault/settings.ts';
import { settings as gcp_kms } from './gcp-kms/settings.ts';
import { settings as pkcs11 } from './pkcs11/settings.ts';

export const backendKeys = { aws_kms, gcp_kms, azure_key_vault, pkcs11 };
