/**
 * The atomic operations as Lua scripts; Redis runs a script without interleaving other commands. ioredis sends a script
 * once per connection and then only its hash, and sends it again if the server does not know the hash.
 */

/** Compares the expiry with the caller's clock, which is a parameter; see InsertOptions. */
const alive = `
local function alive(expires, now)
  return not expires or tonumber(expires) > tonumber(now)
end`;

/** Removes a document and its index entries. `ids` is the list of the record type; the list of an owner has its name as a prefix. */
const forget = `
local function forget(document, ids, expiry, totals, record_type, id)
  redis.call('HINCRBY', totals, record_type .. ':removed', 1)
  local within = redis.call('HGET', document, 'within')
  redis.call('DEL', document)
  redis.call('ZREM', ids, id)
  if within then redis.call('ZREM', ids .. ':' .. within, id) end
  redis.call('ZREM', expiry, record_type .. ':' .. id)
end`;

/**
 * Removes up to 8 expired documents before each insert, so that they cannot accumulate. A document must have expired by
 * the server's clock too: a caller whose clock has jumped ahead deletes nothing early. The script derives the keys of
 * removed documents from the expiry set instead of KEYS, which the common hash tag makes valid in a Cluster.
 */
const insert = `${alive}${forget}
local document, ids, expiry, totals = KEYS[1], KEYS[2], KEYS[3], KEYS[5]
local record_type, id, value, within, expires, now, lag, unchanged = unpack(ARGV)

if unchanged ~= '' then
  local found = redis.call('HMGET', KEYS[4], 'version', 'expires')
  if found[1] ~= unchanged or not alive(found[2], now) then return 0 end
end

local documents = string.sub(document, 1, -#(record_type .. ':' .. id) - 1)
local lists = string.sub(ids, 1, -#record_type - 1)
local past = math.min(tonumber(now), redis.call('TIME')[1] * 1000) - lag
for _, member in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', string.format('%.0f', past), 'LIMIT', 0, 8)) do
  local expiredType, expiredId = string.match(member, '^([^:]*):(.*)$')
  forget(documents .. member, lists .. expiredType, expiry, totals, expiredType, expiredId)
end

if redis.call('EXISTS', document) == 1 then
  if alive(redis.call('HGET', document, 'expires'), now) then return 0 end
  forget(document, ids, expiry, totals, record_type, id)
end
redis.call('HINCRBY', totals, record_type .. ':inserted', 1)
redis.call('HSET', document, 'version', 1, 'value', value)
redis.call('ZADD', ids, 0, id)
if within ~= '' then
  redis.call('HSET', document, 'within', within)
  redis.call('ZADD', ids .. ':' .. within, 0, id)
end
if expires ~= '' then
  redis.call('HSET', document, 'expires', expires)
  redis.call('ZADD', expiry, expires, record_type .. ':' .. id)
end
return 1`;

const replace = `${alive}
local version, value, now = unpack(ARGV)
local found = redis.call('HMGET', KEYS[1], 'version', 'expires')
if found[1] ~= version or not alive(found[2], now) then return 0 end
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], 'value', value)
return 1`;

const remove = `${alive}${forget}
local record_type, id, version, now = unpack(ARGV)
local found = redis.call('HMGET', KEYS[1], 'version', 'expires')
if found[1] ~= version or not alive(found[2], now) then return 0 end
forget(KEYS[1], KEYS[2], KEYS[3], KEYS[4], record_type, id)
return 1`;

/** Returns id, version, value, id, version, value, …; skips expired documents that are not removed yet. */
const list = `${alive}
local documents, from, limit, now = unpack(ARGV)
local found = {}
repeat
  local ids = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, limit)
  for _, id in ipairs(ids) do
    local version, value, expires = unpack(redis.call('HMGET', documents .. id, 'version', 'value', 'expires'))
    if version and alive(expires, now) then
      found[#found + 1], found[#found + 2], found[#found + 3] = id, version, value
      if #found == limit * 3 then return found end
    end
  end
  from = '(' .. (ids[#ids] or '')
until #ids < tonumber(limit)
return found`;

/** Returns id, version, id, version, … */
const versions = `${alive}
local documents, now = unpack(ARGV)
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local version, expires = unpack(redis.call('HMGET', documents .. id, 'version', 'expires'))
  if version and alive(expires, now) then found[#found + 1], found[#found + 2] = id, version end
end
return found`;

/**
 * Returns 0, and appends nothing, if the store has lost the last line of the caller (another salt, or none where the text is not
 * pruned) or the counter.
 */
const append = `
local line, last, salt = unpack(ARGV)
if last ~= '0' then
  local found = redis.call('HGET', KEYS[2], last)
  if not found then return 0 end
  local foundSalt, text = string.match(found, '^%d+:([%w_-]*):?(.*)$')
  if text ~= '' and foundSalt ~= salt then return 0 end
end
local sequence = redis.call('INCR', KEYS[1])
if redis.call('HSETNX', KEYS[2], sequence, line) == 0 then return 0 end
return sequence`;

/** Adds to the lists and hours, unless another replica has indexed these lines. */
const index = `
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
local next = 3
for i = 3, #KEYS do
  local block, list = ARGV[next], ARGV[next + 1]
  redis.call('HSET', KEYS[i], block, (redis.call('HGET', KEYS[i], block) or '') .. list)
  next = next + 2
end
for i = next, #ARGV, 3 do
  local noted = redis.call('HGET', KEYS[2], ARGV[i])
  local first = noted and string.match(noted, '^%d+') or ARGV[i + 1]
  redis.call('HSET', KEYS[2], ARGV[i], first .. ':' .. ARGV[i + 2])
end
return 1`;

/** Compare-and-swap on the sealed size. */
const seal = `
local previous, size, root, checkpoint, marks = unpack(ARGV)
if (redis.call('HGET', KEYS[1], 'size') or '0') ~= previous then return 0 end
redis.call('HSET', KEYS[1], 'size', size, 'root', root, 'checkpoint', checkpoint, 'marks', marks)
for i = 6, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1`;

/** Replaces lines and lists, if the lists are as the caller read them. Returns 0 if not all lines are sealed and indexed. */
const prune = `
local count, last = tonumber(ARGV[1]), tonumber(ARGV[2])
local indexed, sealed = redis.call('GET', KEYS[2]), redis.call('HGET', KEYS[3], 'size')
if tonumber(indexed or 0) < last or tonumber(sealed or 0) < last then return 0 end
local lists = 3 + count * 2
for i = 4, #KEYS do
  local place = lists + (i - 4) * 3
  if (redis.call('HGET', KEYS[i], ARGV[place]) or '') ~= ARGV[place + 1] then return -1 end
end
for i = 4, #KEYS do
  local place = lists + (i - 4) * 3
  if ARGV[place + 2] == '' then redis.call('HDEL', KEYS[i], ARGV[place])
  else redis.call('HSET', KEYS[i], ARGV[place], ARGV[place + 2]) end
end
for i = 3, lists - 1, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1`;

/** From version 1, once: counts the documents, and lets the journal be indexed again. The last keys are lists of ids, one for each type. */
const migrate = `
if redis.call('GET', KEYS[1]) ~= '1' then return 0 end
redis.call('DEL', KEYS[2], KEYS[3])
for i = 5, #KEYS do
  redis.call('HSET', KEYS[4], ARGV[i - 3] .. ':inserted', redis.call('ZCARD', KEYS[i]))
end
redis.call('SET', KEYS[1], ARGV[1])
return 1`;

export const scripts = {
  insertDocument: { lua: insert, numberOfKeys: 5 },
  replaceDocument: { lua: replace, numberOfKeys: 1 },
  removeDocument: { lua: remove, numberOfKeys: 4 },
  listDocuments: { lua: list, numberOfKeys: 1, readOnly: true },
  listVersions: { lua: versions, numberOfKeys: 1, readOnly: true },
  appendLine: { lua: append, numberOfKeys: 2 },
  /** The number of keys varies, so the caller passes it as the first argument. */
  indexLines: { lua: index },
  sealJournal: { lua: seal, numberOfKeys: 2 },
  pruneLines: { lua: prune },
  migrateState: { lua: migrate },
} as const;
