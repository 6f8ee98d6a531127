/**
 * The operations on records as scripts of a Redis server, where each runs alone.
 *
 * A record is a hash `<prefix><id>` with the fields data, expires, version and, perhaps, owner. An
 * owner has a set `<prefix>owner:<owner>` of ids; no id has a colon. Scripts work out the keys beside
 * KEYS[1] from it, so that a prefix that the client adds to keys is in all of them.
 *
 * @module
 */

import { createHash } from 'node:crypto'

/** A script and the digest by which a server knows it. */
export interface Script {
  readonly text: string
  readonly digest: string
}

function script(...parts: readonly string[]): Script {
  const text = parts.join('\n')
  // SHA-1 is how EVALSHA names scripts. Nothing secret rests on it.
  return { text, digest: createHash('sha1').update(text).digest('hex') }
}

const records = `
local function exists(expires, now)
  return expires and tonumber(expires) > tonumber(now)
end
`

const owners = `
local function ownerKey(id, owner)
  return string.sub(KEYS[1], 1, -#id - 1) .. 'owner:' .. owner
end
`

// The set lives as long as the last of its records. Another TTL of the set is kept if it is later.
const enlisting = `
local function enlist(set, id, deadline)
  redis.call('SADD', set, id)
  local time = redis.call('TIME')
  if redis.call('PTTL', set) < tonumber(deadline) - time[1] * 1000 then
    redis.call('PEXPIREAT', set, deadline)
  end
end
`

/**
 * KEYS: the record. ARGV: 'create' or 'update', id, now, joint, expected version, new version, data,
 * expires, deadline, owner. Answers 'exists', 'gone', 'written', or 'conflict' with the fields.
 */
export const write: Script = script(
  records,
  owners,
  enlisting,
  `
local action, id, now, joint, expected, version, data, expires, deadline, owner = unpack(ARGV)
local current = redis.call('HMGET', KEYS[1], 'data', 'expires', 'version', 'owner')
-- Sent again by a client that lost the connection before the answer.
if current[3] == version then return {'written'} end
if exists(current[2], now) then
  if action == 'create' then return {'exists'} end
  if current[3] ~= expected then return {'conflict', unpack(current)} end
elseif action == 'update' then
  return {'gone'}
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'data', data, 'expires', expires, 'version', version)
if owner ~= '' then redis.call('HSET', KEYS[1], 'owner', owner) end
redis.call('PEXPIREAT', KEYS[1], deadline)
if joint == 'yes' then
  if current[4] and current[4] ~= owner then redis.call('SREM', ownerKey(id, current[4]), id) end
  if owner ~= '' then enlist(ownerKey(id, owner), id, deadline) end
end
return {'written'}
`,
)

/** KEYS: the record. ARGV: id, now, joint, expires, deadline. Answers the owner, or nothing. */
export const touch: Script = script(
  records,
  owners,
  enlisting,
  `
local id, now, joint, expires, deadline = unpack(ARGV)
local current = redis.call('HMGET', KEYS[1], 'expires', 'owner')
if not exists(current[1], now) then return false end
redis.call('HSET', KEYS[1], 'expires', expires)
redis.call('PEXPIREAT', KEYS[1], deadline)
if current[2] and joint == 'yes' then enlist(ownerKey(id, current[2]), id, deadline) end
return current[2]
`,
)

/** KEYS: the record. ARGV: id, joint. Answers the owner, or nothing. */
export const remove: Script = script(
  owners,
  `
local id, joint = unpack(ARGV)
local owner = redis.call('HGET', KEYS[1], 'owner')
redis.call('DEL', KEYS[1])
if owner and joint == 'yes' then redis.call('SREM', ownerKey(id, owner), id) end
return owner
`,
)

/** KEYS: the record. ARGV: now, owner. Removes a record of this owner. Answers 1 if it existed. */
export const removeOwned: Script = script(
  records,
  `
local now, owner = unpack(ARGV)
local current = redis.call('HMGET', KEYS[1], 'expires', 'owner')
if current[2] ~= owner then return 0 end
redis.call('DEL', KEYS[1])
return exists(current[1], now) and 1 or 0
`,
)

/** KEYS: the owner's set. ARGV: id, deadline. */
export const enlist: Script = script(enlisting, 'enlist(KEYS[1], unpack(ARGV))')

/**
 * KEYS: the owner's set. ARGV: 'list' or 'delete', now, owner, ids not to delete. Answers the ids of
 * the records listed or deleted. What is no longer the owner's leaves the set.
 */
export const owned: Script = script(
  records,
  `
local action, now, owner = unpack(ARGV, 1, 3)
local prefix = string.sub(KEYS[1], 1, -#('owner:' .. owner) - 1)
local spared = {}
for i = 4, #ARGV do spared[ARGV[i]] = true end
local found = {}
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local current = redis.call('HMGET', prefix .. id, 'expires', 'owner')
  if current[2] ~= owner or not exists(current[1], now) then
    redis.call('SREM', KEYS[1], id)
  elseif action == 'list' then
    table.insert(found, id)
  elseif not spared[id] then
    redis.call('DEL', prefix .. id)
    redis.call('SREM', KEYS[1], id)
    table.insert(found, id)
  end
end
return found
`,
)
