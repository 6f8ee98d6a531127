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
import { tokenLength } from './write-history.ts'

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

// The set expires with the last of its records: its TTL is only ever extended. SADD needs memory even if the id is
// in the set, and a full server would refuse it.
const enlisting = `
local function enlist(set, id, deadline)
  if redis.call('SISMEMBER', set, id) == 0 then redis.call('SADD', set, id) end
  local time = redis.call('TIME')
  if redis.call('PTTL', set) < tonumber(deadline) - time[1] * 1000 then
    redis.call('PEXPIREAT', set, deadline)
  end
end
`

/** The bytes of a counter, such as the epoch that ends earlier sessions. Records of sessions are longer. */
const counterLength = 8

/**
 * KEYS: the record. ARGV: 'create' or 'update', id, now, joint, expected version, new version, data,
 * expires, deadline, owner. Returns 'exists', 'gone', 'written', or 'conflict' followed by the fields.
 *
 * Redis checks `maxmemory` only before the first command of a script that writes, and only if that command
 * can use memory, which DEL and PEXPIREAT cannot. So the first command is HSET, except in writes that end
 * sessions: those must work on a full server. They write an expired record, or a counter.
 */
export const write: Script = script(
  records,
  owners,
  enlisting,
  `
local action, id, now, joint, expected, version, data, expires, deadline, owner = unpack(ARGV)
local current = redis.call('HMGET', KEYS[1], 'data', 'expires', 'version', 'owner')
-- The client lost the connection before the reply and has resent the command. Others may have written since.
local token = string.sub(version, 1, ${tokenLength})
if current[3] and string.find(current[3], token, 1, true) then return {'written'} end
if exists(current[2], now) then
  if action == 'create' then return {'exists'} end
  if current[3] ~= expected then return {'conflict', unpack(current)} end
elseif action == 'update' then
  return {'gone'}
end
if #data <= ${counterLength} or not exists(expires, now) then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'data', data, 'expires', expires, 'version', version)
if owner ~= '' then
  redis.call('HSET', KEYS[1], 'owner', owner)
else
  redis.call('HDEL', KEYS[1], 'owner')
end
redis.call('PEXPIREAT', KEYS[1], deadline)
if joint == 'yes' then
  if current[4] and current[4] ~= owner then redis.call('SREM', ownerKey(id, current[4]), id) end
  if owner ~= '' then enlist(ownerKey(id, owner), id, deadline) end
end
return {'written'}
`,
)

/**
 * KEYS: the record. ARGV: id, now, joint, expires, deadline. Returns the owner, if any. Works on a full
 * server, because the first command that writes is PEXPIREAT. Its time is not the deadline: if that has
 * passed, PEXPIREAT deletes the record, and HSET would add one without a TTL.
 */
export const touch: Script = script(
  records,
  owners,
  enlisting,
  `
local id, now, joint, expires, deadline = unpack(ARGV)
local current = redis.call('HMGET', KEYS[1], 'expires', 'owner')
if not exists(current[1], now) then return false end
redis.call('PEXPIREAT', KEYS[1], '4102444800000')
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
 * KEYS: the owner's set. ARGV: now, owner. Returns the ids of the owner's records, and removes ids from the
 * set that are no longer this owner's.
 */
export const listOwned: Script = script(
  records,
  `
local now, owner = unpack(ARGV)
local prefix = string.sub(KEYS[1], 1, -#('owner:' .. owner) - 1)
local found = {}
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local current = redis.call('HMGET', prefix .. id, 'expires', 'owner')
  if current[2] == owner and exists(current[1], now) then
    table.insert(found, id)
  else
    redis.call('SREM', KEYS[1], id)
  end
end
return found
`,
)

/**
 * KEYS: the owner's set. ARGV: now, owner, a token of this call, ids to keep. Deletes the owner's records
 * and returns how many. The number is kept for a minute under the token, for a client that resends the
 * command because it lost the connection before the reply.
 */
export const deleteOwned: Script = script(
  records,
  `
local now, owner, token = unpack(ARGV, 1, 3)
local reply = KEYS[1] .. ':' .. token
local replied = redis.call('GET', reply)
if replied then return tonumber(replied) end
local prefix = string.sub(KEYS[1], 1, -#('owner:' .. owner) - 1)
local spared = {}
for i = 4, #ARGV do spared[ARGV[i]] = true end
local count = 0
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local current = redis.call('HMGET', prefix .. id, 'expires', 'owner')
  if current[2] ~= owner or not exists(current[1], now) then
    redis.call('SREM', KEYS[1], id)
  elseif not spared[id] then
    redis.call('DEL', prefix .. id)
    redis.call('SREM', KEYS[1], id)
    count = count + 1
  end
end
if count > 0 then redis.call('SET', reply, count, 'PX', 60000) end
return count
`,
)
