/**
 * The atomic steps, in Lua: Redis runs a script to its end before it looks at anything else.
 * ioredis sends a script once per connection and afterwards only its hash, also to a server that has forgotten it.
 */

/** Expiry is judged by the caller's clock, which comes in as a parameter; see InsertOptions. */
const alive = `
local function alive(expires, now)
  return not expires or tonumber(expires) > tonumber(now)
end`;

/** Removes a document from everywhere. KEYS has the document and the list of its kind; a list's name is the root of its owners' lists. */
const forget = `
local function forget(document, ids, expiry, kind, id)
  local within = redis.call('HGET', document, 'within')
  redis.call('DEL', document)
  redis.call('ZREM', ids, id)
  if within then redis.call('ZREM', ids .. ':' .. within, id) end
  redis.call('ZREM', expiry, kind .. ':' .. id)
end`;

/**
 * Sweeps before it inserts, and more than one for one, so that the expired never pile up. What is swept must have
 * expired by the server's clock too: a caller whose clock has jumped ahead destroys nothing. Swept documents are named
 * by their places in the expiry set and not in KEYS; the common hash tag makes that right in a Cluster as well.
 */
const insert = `${alive}${forget}
local document, ids, expiry = KEYS[1], KEYS[2], KEYS[3]
local kind, id, value, within, expires, now, lag = unpack(ARGV)

local documents = string.sub(document, 1, -#(kind .. ':' .. id) - 1)
local lists = string.sub(ids, 1, -#kind - 1)
local past = math.min(tonumber(now), redis.call('TIME')[1] * 1000) - lag
for _, member in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', string.format('%.0f', past), 'LIMIT', 0, 8)) do
  local itsKind, itsId = string.match(member, '^([^:]*):(.*)$')
  forget(documents .. member, lists .. itsKind, expiry, itsKind, itsId)
end

if redis.call('EXISTS', document) == 1 then
  if alive(redis.call('HGET', document, 'expires'), now) then return 0 end
  forget(document, ids, expiry, kind, id)
end
redis.call('HSET', document, 'version', 1, 'value', value)
redis.call('ZADD', ids, 0, id)
if within ~= '' then
  redis.call('HSET', document, 'within', within)
  redis.call('ZADD', ids .. ':' .. within, 0, id)
end
if expires ~= '' then
  redis.call('HSET', document, 'expires', expires)
  redis.call('ZADD', expiry, expires, kind .. ':' .. id)
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
local kind, id, version, now = unpack(ARGV)
local found = redis.call('HMGET', KEYS[1], 'version', 'expires')
if found[1] ~= version or not alive(found[2], now) then return 0 end
forget(KEYS[1], KEYS[2], KEYS[3], kind, id)
return 1`;

/** Answers id, version, value, id, version, value, …; passes over the expired that no sweep has come to yet. */
const list = `${alive}
local documents, from, wanted, now = unpack(ARGV)
local found = {}
repeat
  local ids = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, wanted)
  for _, id in ipairs(ids) do
    local version, value, expires = unpack(redis.call('HMGET', documents .. id, 'version', 'value', 'expires'))
    if version and alive(expires, now) then
      found[#found + 1], found[#found + 2], found[#found + 3] = id, version, value
      if #found == wanted * 3 then return found end
    end
  end
  from = '(' .. (ids[#ids] or '')
until #ids < tonumber(wanted)
return found`;

/** Answers id, version, id, version, … */
const versions = `${alive}
local documents, now = unpack(ARGV)
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local version, expires = unpack(redis.call('HMGET', documents .. id, 'version', 'expires'))
  if version and alive(expires, now) then found[#found + 1], found[#found + 2] = id, version end
end
return found`;

const append = `
local at, hour, value = unpack(ARGV)
local sequence = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], sequence, at .. ':' .. value)
local noted = redis.call('HGET', KEYS[3], hour)
local first = noted and string.match(noted, '^%d+') or sequence
redis.call('HSET', KEYS[3], hour, first .. ':' .. sequence)
for i = 4, #KEYS do redis.call('ZADD', KEYS[i], sequence, sequence) end
return sequence`;

export const scripts = {
  insertDocument: { lua: insert, numberOfKeys: 3 },
  replaceDocument: { lua: replace, numberOfKeys: 1 },
  removeDocument: { lua: remove, numberOfKeys: 3 },
  listDocuments: { lua: list, numberOfKeys: 1, readOnly: true },
  listVersions: { lua: versions, numberOfKeys: 1, readOnly: true },
  /** Has as many keys as the line has words, and so is told their number first. */
  appendLine: { lua: append },
} as const;
