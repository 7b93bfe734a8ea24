/**
 * What must happen in one step in Redis. Values of statements are `<ver> <jws>`; nothing here believes
 * that they are ours, a reader checks the signature. Times are milliseconds.
 */

/**
 * Keeps a statement and tells everybody, unless one with a higher version is there: returns that one's
 * value. Returns `no-layer` when the layer that it needs is gone.
 * KEYS statement, layer, changes, high; ARGV ver, value, life, name, life of the layer or '', channel,
 * message, life of a change or '' when it is not to be listed, highest believable version, life of
 * what is known of versions.
 */
export const SAY = `
local kept = redis.call('GET', KEYS[1])
if kept and tonumber(string.match(kept, '^(%d+) ') or '-1') > tonumber(ARGV[1]) then return kept end
if ARGV[5] ~= '' then
  local left = redis.call('PTTL', KEYS[2])
  if left == -2 then return 'no-layer' end
  if left < tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[2], ARGV[5]) end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if ARGV[8] ~= '' then
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[3], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[4])
  redis.call('PEXPIRE', KEYS[3], ARGV[8])
end
local high = tonumber(redis.call('GET', KEYS[4]) or '') or 0
if high > tonumber(ARGV[9]) or high < tonumber(ARGV[1]) then redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[10]) end
redis.call('PUBLISH', ARGV[6], ARGV[7])
return ''`;

/** Puts a layer; one that is there keeps its life if that is longer. KEYS layer; ARGV bytes, life. */
export const PUT = `
redis.call('SET', KEYS[1], ARGV[1], 'PX', math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[2])))`;

/**
 * Takes a lease: returns {'ours', value of the statement, highest version used}, or {'taken'}. A lease
 * without an end, which no script of ours makes, is given one.
 * KEYS lease, statement, high; ARGV owner, life.
 */
export const CLAIM = `
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  return { 'taken' }
end
return { 'ours', redis.call('GET', KEYS[2]) or '', redis.call('GET', KEYS[3]) or '' }`;

/** KEYS lease; ARGV owner, life. */
export const RENEW = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`;

/** Ends a lease and tells who waits for it. KEYS lease; ARGV owner, channel, name. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end`;

/** Removes a value, unless it was replaced. KEYS any; ARGV value. */
export const DROP = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/**
 * Raises the highest version used; returns what it is then. One that no honest clock can have reached
 * does not count. KEYS high; ARGV ver, highest believable version, life.
 */
export const RAISE = `
local high = tonumber(redis.call('GET', KEYS[1]) or '') or 0
if high > tonumber(ARGV[2]) or high < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
  return ARGV[1]
end
return string.format('%.0f', high)`;

/** Replaces a value that is still what it was; '' is none. KEYS value; ARGV before, after. */
export const SWAP = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 'changed' end
redis.call('SET', KEYS[1], ARGV[2])
return 'done'`;
