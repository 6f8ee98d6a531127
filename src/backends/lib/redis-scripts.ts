/**
 * The operations on records as Lua scripts, which Redis runs atomically.
 *
 * A record is a hash `<prefix><id>` with the fields data, expires and version, and owner if it has one. The
 * ids of an owner are in a set `<prefix>owner:<owner>`, which cannot be the key of a record because no id
 * contains a colon. Scripts derive all other keys from KEYS[1], so that a prefix added by the client is in
 * all of them.
 *
 * @module
 */

import { createHash } from 'node:crypto'

/** A script, and the digest by which EVALSHA names it. */
export interface Script {
  readonly text: string
  readonly digest: string
}

function script(...parts: readonly string[]): Script {
  const text = parts.join('\n')
  // EVALSHA names scripts by SHA-1. Security does not depend on it.
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

// The set expires with the last of its records: its TTL is only ever extended.
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
 * expires, deadline, owner. Returns 'exists', 'gone', 'written', or 'conflict' followed by the fields.
 */
export const write: Script = script(
  records,
  owners,
  enlisting,
  `
local action, id, now, joint, expected, version, data, expires, deadline, owner = unpack(ARGV)
local current = redis.call('HMGET', KEYS[1], 'data', 'expires', 'version', 'owner')
-- The client lost the connection before the reply and has resent the command.
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

/** KEYS: the record. ARGV: id, now, joint, expires, deadline. Returns the owner, if any. */
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

/** KEYS: the record. ARGV: id, joint. Returns the owner, if any. */
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

/** KEYS: the record. ARGV: now, owner. Deletes the record if it has this owner. Returns 1 if it existed. */
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
 * KEYS: the owner's set. ARGV: 'list' or 'delete', now, owner, ids to keep. Returns the ids of the records
 * listed or deleted, and removes ids from the set that are no longer this owner's.
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
