/**
 * Keys of the configuration. Owns: the description of a key, the tree of keys, and fields that several modules have. Does
 * not own: the list of keys and reading them (server/config). A module below it declares its own keys with these.
 */
export { endpointField, regionalEndpointField } from './endpoint.ts';
export {
  isSetting,
  key,
  type PartialValues,
  type Path,
  type Setting,
  type Shape,
  settingsOf,
  type Values,
  variableOf,
} from './setting.ts';
export { fileField, secretSourceField } from './source.ts';
