import { createHash } from 'node:crypto';
import { MAX_MEMBER } from './member.js';

/** A script of one shard, run by its digest once the server has it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** All work on several roots of one group, and pass over keys that hold what is not ours. */
const PASS_OVER = `
local function failed(reply)
  return type(reply) == 'table' and reply.err
end
local function foreign(reply)
  return string.find(reply.err, 'WRONGTYPE', 1, true)
end
`;

/**
 * A holder is there, until it expires. What has expired goes, and if there are too many, those that expire
 * first. Answers, for roots that it did not hold, which nodes are to be told: pairs of position and names.
 *
 * KEYS holders and watchers of each root; ARGV member, expiry, now, rank of the last one too many, life of
 * the keys (ms)
 */
export const ADD = script(`${PASS_OVER}
local news = {}
for i = 1, #KEYS, 2 do
  local new = redis.pcall('ZADD', KEYS[i], ARGV[2], ARGV[1])
  if not failed(new) then
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', ARGV[3])
    redis.call('ZREMRANGEBYRANK', KEYS[i], 0, ARGV[4])
    redis.call('PEXPIRE', KEYS[i], ARGV[5])
    if new == 1 then
      local names = redis.pcall('ZRANGE', KEYS[i + 1], ARGV[3], '+inf', 'BYSCORE', 'LIMIT', 0, 64)
      if not failed(names) and #names > 0 then news[#news + 1] = { (i - 1) / 2, names } end
    end
  elseif not foreign(new) then
    return new
  end
end
return news
`);

/**
 * A holder holds these no more.
 *
 * KEYS holders of each root; ARGV member
 */
export const REMOVE = script(`${PASS_OVER}
for _, key in ipairs(KEYS) do
  local gone = redis.pcall('ZREM', key, ARGV[1])
  if failed(gone) and not foreign(gone) then return gone end
end
return 0
`);

/**
 * The holders that were told last. Answers one text for each root, since many cost us more: the members,
 * with spaces in between, which they have none of.
 *
 * KEYS holders of each root; ARGV now, most for each root
 */
export const FIND = script(`${PASS_OVER}
local function without_long(members)
  local kept = {}
  for _, member in ipairs(members) do
    if #member <= ${MAX_MEMBER} then kept[#kept + 1] = member end
  end
  return kept
end
local found = {}
for i, key in ipairs(KEYS) do
  local members = redis.pcall('ZRANGE', key, '+inf', '(' .. ARGV[1], 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[2])
  found[i] = failed(members) and '' or table.concat(members, ' ')
  if #found[i] > ${MAX_MEMBER} * 64 then found[i] = table.concat(without_long(members), ' ') end
end
return found
`);

/**
 * A node wants news.
 *
 * KEYS watchers of each root; ARGV node, expiry, life of the keys (ms)
 */
export const WATCH = script(`${PASS_OVER}
for _, key in ipairs(KEYS) do
  if not failed(redis.pcall('ZADD', key, ARGV[2], ARGV[1])) then redis.call('PEXPIRE', key, ARGV[3]) end
end
return 0
`);

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
