/**
 * The bytes that connections hold before they are parsed. If there are too many, the heaviest connection of the heaviest
 * group is closed, so that peers that do not read their answers keep no other caller out.
 */
export interface Holder {
  readonly group: string;
  heldBytes: number;
  /** Closes the connection and sets its held bytes to 0. */
  drop(): void;
}

interface Group {
  readonly holders: Set<Holder>;
  bytes: number;
}

export interface HeldBytes {
  /** May drop connections, also this one. */
  set(holder: Holder, bytes: number): void;
}

export function createHeldBytes(maxBytes: number): HeldBytes {
  const groups = new Map<string, Group>();
  let total = 0;
  return {
    set(holder, bytes) {
      const group = groups.get(holder.group) ?? { holders: new Set(), bytes: 0 };
      total += bytes - holder.heldBytes;
      group.bytes += bytes - holder.heldBytes;
      holder.heldBytes = bytes;
      if (bytes > 0) group.holders.add(holder);
      else group.holders.delete(holder);
      if (group.holders.size > 0) groups.set(holder.group, group);
      else groups.delete(holder.group);
      while (total > maxBytes) {
        const heaviest = largest(groups.values(), (each) => each.bytes);
        largest(heaviest.holders, ({ heldBytes }) => heldBytes).drop();
      }
    },
  };
}

/** The first of the largest items, of at least one. */
function largest<Item>(items: Iterable<Item>, sizeOf: (item: Item) => number): Item {
  let [result] = items as Iterable<Item> & [Item];
  for (const item of items) if (sizeOf(item) > sizeOf(result)) result = item;
  return result;
}
