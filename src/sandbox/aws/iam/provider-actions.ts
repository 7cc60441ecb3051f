/** The Query actions on OIDC providers. */
import { toTimestamp } from '../../../platform/time/index.ts';
import { read, tags, text, texts } from '../query.ts';
import type { OwnCall, Service } from '../service.ts';
import {
  addClientId,
  createProvider,
  deleteProvider,
  findProvider,
  removeClientId,
  updateThumbprints,
} from './providers.ts';

const arn = text({ min: 20, max: 2048 });
const clientId = text({ min: 1, max: 255 });
const thumbprints = texts({ item: { min: 40, max: 40 } });

const named = ({ params, account }: OwnCall) =>
  findProvider(account, read(params, { OpenIDConnectProviderArn: arn }).OpenIDConnectProviderArn);

export const providerActions: Service['actions'] = {
  async CreateOpenIDConnectProvider({ params, account, runtime }) {
    const input = read(params, {
      Url: text({ min: 1, max: 255 }),
      ClientIDList: texts({ item: { min: 1, max: 255 } }),
      ThumbprintList: thumbprints,
      Tags: tags,
    });
    const provider = await createProvider(runtime, account, {
      url: input.Url,
      clientIds: input.ClientIDList,
      thumbprints: input.ThumbprintList,
      tags: input.Tags,
    });
    return {
      OpenIDConnectProviderArn: provider.arn,
      ...(provider.tags.length > 0 && { Tags: [...provider.tags].map(asXml) }),
    };
  },
  GetOpenIDConnectProvider(call) {
    const provider = named(call);
    return {
      Url: provider.url,
      ClientIDList: provider.clientIds,
      ThumbprintList: provider.thumbprints,
      CreateDate: toTimestamp(provider.createdAt),
      Tags: provider.tags.map(asXml),
    };
  },
  ListOpenIDConnectProviders: ({ account }) => ({
    OpenIDConnectProviderList: [...account.providers.keys()].map((Arn) => ({ Arn })),
  }),
  DeleteOpenIDConnectProvider({ params, account }) {
    deleteProvider(account, read(params, { OpenIDConnectProviderArn: arn }).OpenIDConnectProviderArn);
    return undefined;
  },
  UpdateOpenIDConnectProviderThumbprint(call) {
    const { ThumbprintList } = read(call.params, {
      OpenIDConnectProviderArn: arn,
      ThumbprintList: thumbprints,
    });
    updateThumbprints(named(call), ThumbprintList);
    return undefined;
  },
  AddClientIDToOpenIDConnectProvider(call) {
    const { ClientID } = read(call.params, { OpenIDConnectProviderArn: arn, ClientID: clientId });
    addClientId(named(call), ClientID, call.runtime.now());
    return undefined;
  },
  RemoveClientIDFromOpenIDConnectProvider(call) {
    const { ClientID } = read(call.params, { OpenIDConnectProviderArn: arn, ClientID: clientId });
    removeClientId(named(call), ClientID, call.runtime.now());
    return undefined;
  },
  TagOpenIDConnectProvider(call) {
    const provider = named(call);
    const { Tags } = read(call.params, { Tags: tags });
    const replaced = new Set(Tags.map(({ Key }) => Key));
    provider.tags = [...provider.tags.filter(({ Key }) => !replaced.has(Key)), ...Tags];
    return undefined;
  },
  UntagOpenIDConnectProvider(call) {
    const provider = named(call);
    const { TagKeys } = read(call.params, { TagKeys: texts() });
    provider.tags = provider.tags.filter(({ Key }) => !TagKeys.includes(Key));
    return undefined;
  },
  ListOpenIDConnectProviderTags: (call) => ({ Tags: named(call).tags.map(asXml), IsTruncated: false }),
};

const asXml = ({ Key, Value }: { Key: string; Value: string }) => ({ Key, Value });
