"""What Redis does in one go: each script is one step that nothing comes between.

Tokens are the server's time in microseconds at which a key or tag was last invalidated, or first seen: a
token that expired, was evicted or lost comes back different, so entries written under it are misses, never
wrong answers.
"""

from __future__ import annotations

from typing import Final

_NOW: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
"""

BEGIN: Final = (
    _NOW
    + """
-- KEYS: fence, lock, entry, tags…   ARGV: who ('' wants no turn), lease ms, tokens' ms
local answer = {0, redis.call('GET', KEYS[1]) or '0', false}
if ARGV[1] ~= '' then
  if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
      or redis.call('GET', KEYS[2]) == ARGV[1] then
    answer[1] = 1
  end
  answer[3] = redis.call('GET', KEYS[3])
end
for i = 4, #KEYS do
  local token = redis.call('GET', KEYS[i])
  if not token then
    token = string.format('%.0f', now)
    redis.call('SET', KEYS[i], token, 'PX', ARGV[3])
  elseif redis.call('PTTL', KEYS[i]) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', KEYS[i], ARGV[3])
  end
  answer[i] = token
end
return answer
"""
)
"""The stamp, the turn if it is free, and what may have been stored meanwhile."""

STORE: Final = """
-- KEYS: fence, entry   ARGV: fence at the beginning, bytes, ms to live
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1
"""
"""Store unless the key was invalidated since; value and expiry in one command."""

INVALIDATE: Final = (
    _NOW
    + """
-- KEYS: news, token, what to delete…   ARGV: kind, name, sender, token's ms, news' ms, longest news, bell
local before = redis.call('GET', KEYS[2])
if before and tonumber(before) >= now then now = tonumber(before) + 1 end
local ttl = math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[4]))
redis.call('SET', KEYS[2], string.format('%.0f', now), 'PX', string.format('%.0f', ttl))
for i = 3, #KEYS do redis.call('UNLINK', KEYS[i]) end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[6], '*', 'kind', ARGV[1], 'name', ARGV[2], 'from', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', ARGV[7], '')
return 1
"""
)
"""Change the token, delete, write it into the news, ring the bell."""

ANCHOR: Final = """
-- KEYS: news   ARGV: ms to live
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local id = last[1] and last[1][1] or redis.call('XADD', KEYS[1], '*', 'kind', 'start')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return id
"""
"""The id of the latest news, of which there is at least one."""

RENEW: Final = """
-- KEYS: lock   ARGV: who, lease ms
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""

RELEASE: Final = """
-- KEYS: lock   ARGV: who
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
