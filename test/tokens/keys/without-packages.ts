/** Preloaded with `--import`: makes the optional packages unavailable in this thread and in threads that it starts. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === '@aws-sdk/client-kms' || specifier === 'pkcs11js') {
      throw Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' });
    }
    return next(specifier, context);
  },
});
