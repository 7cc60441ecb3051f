import { describe, expect, test } from '@jest/globals';
import { holderNames } from '../../src/keys/index.ts';
import { floors } from './floors.ts';
import { roomOf, sources } from './source.ts';

const ours = sources.flatMap(({ file, room, imports }) =>
  imports
    .filter((target) => target.startsWith('src/'))
    .map((target) => ({ file, room, target, targetRoom: roomOf(target) })),
);
const across = ours.filter(({ room, targetRoom }) => room !== targetRoom);
const floorOf = (room: string): number => floors.findIndex((rooms) => rooms.includes(room));

describe('rooms', () => {
  test('the imports are found at all', () => {
    expect(across).toContainEqual({
      file: 'src/main.ts',
      room: 'main',
      target: 'src/cli/index.ts',
      targetRoom: 'cli',
    });
    expect(across.length).toBeGreaterThan(100);
  });

  test('every room has its floor', () => {
    expect(new Set(sources.map(({ room }) => room))).toEqual(new Set(floors.flat()));
  });

  test('a room is entered by its index.ts only', () => {
    expect(
      across
        .filter(({ target }) => !/^src\/([^/]+\.ts|[^/]+\/index\.ts)$/.test(target))
        .map(({ file, target }) => `${file} → ${target}`),
    ).toEqual([]);
  });

  test('imports go down, never up', () => {
    expect(
      across
        .filter(({ room, targetRoom }) => floorOf(targetRoom) < floorOf(room))
        .map(({ file, target }) => `${file} → ${target}`),
    ).toEqual([]);
  });

  test('rooms import in no circle', () => {
    const below = new Map<string, Set<string>>();
    for (const { room, targetRoom } of across)
      below.set(room, (below.get(room) ?? new Set()).add(targetRoom));
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      [...(below.get(from) ?? [])].some(
        (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
      );
    expect(floors.flat().filter((room) => reaches(room, room))).toEqual([]);
  });

  test('only the command line and the demo know the sandbox', () => {
    const knowing = across.filter(({ targetRoom }) => targetRoom === 'sandbox').map(({ room }) => room);
    expect(new Set(knowing)).toEqual(new Set(['cli', 'demo']));
  });

  test('the sandbox, which judges the server, shares no code with it that reads tokens or trust', () => {
    const used = across.filter(({ room }) => room === 'sandbox').map(({ targetRoom }) => targetRoom);
    expect(new Set(used)).toEqual(new Set(['clouds', 'errors', 'outbound', 'time']));
    const valuesOfClouds = sources.filter(
      ({ room, code }) => room === 'sandbox' && /^import (?!type\b).*clouds\/index\.ts/m.test(code),
    );
    expect(valuesOfClouds.map(({ file }) => file)).toEqual([]);
  });

  test('a cloud does none of the shared steps: it knows only the ground floor', () => {
    const ground = floors.at(-1)!;
    expect(
      across
        .filter(({ room, targetRoom }) => room === 'clouds' && !ground.includes(targetRoom))
        .map(({ file, target }) => `${file} → ${target}`),
    ).toEqual([]);
  });

  test('the SDK stands apart: it imports no other room', () => {
    expect(across.filter(({ room }) => room === 'sdk')).toEqual([]);
  });

  test('no cloud knows another', () => {
    const cloudOf = (file: string) => /^src\/clouds\/(aws|azure|gcp)\//.exec(file)?.[1];
    expect(
      ours
        .filter(({ file, target }) => {
          const [from, to] = [cloudOf(file), cloudOf(target)];
          return from !== undefined && to !== undefined && from !== to;
        })
        .map(({ file, target }) => `${file} → ${target}`),
    ).toEqual([]);
  });

  test('there is one list of key holders, and no holder knows another', () => {
    const folderOf = (file: string) => /^src\/keys\/([^/]+)\//.exec(file)?.[1];
    const folders = new Set(sources.flatMap(({ file }) => folderOf(file) ?? []));
    // What the key services share is no holder.
    folders.delete('service');
    expect([...folders].toSorted()).toEqual(holderNames.toSorted());
    const crossing = ours.filter(({ file, target }) => {
      const [from, to] = [folderOf(file), folderOf(target)];
      return from !== undefined && to !== undefined && from !== to && to !== 'service';
    });
    expect(crossing.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
  });
});
