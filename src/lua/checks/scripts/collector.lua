-- What a program sees of the collector.

-- Stopped, it lets garbage grow; started again, it takes it away.
collectgarbage()
collectgarbage("stop")
local first = gcinfo()
repeat local garbage = {} until gcinfo() > first + 500
print("grown")
collectgarbage("restart")
repeat local garbage = {} until gcinfo() < first + 500
print("shrunk")

-- A full collection ends the stop as well.
collectgarbage("stop")
collectgarbage()
first = gcinfo()
local most = 0
for i = 1, 20000 do local garbage = {} most = math.max(most, gcinfo()) end
print(most < first + 700)

-- What a loop's or a block's variables held is gone after a call, though their registers are not yet used again.
local weak = setmetatable({}, { __mode = "kv" })
for i = 1, 5 do local t = {} weak[t] = t end
do local a, b = {}, {} weak.a, weak.b = a, b end
local kept = {}
weak.kept = kept
collectgarbage()
for k, v in pairs(weak) do print(k, v == kept) end
local function held(...)
  local arguments = { ... }
  collectgarbage()
  return weak[1] ~= nil, #arguments
end
weak[1] = {}
print(held(weak[1]))
collectgarbage()
print(weak[1])
