-- table.*
local t = { 1, 2, 3 }
table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 3, "x")
print(table.concat(t, ","), #t)
print(table.remove(t), table.remove(t, 1), table.remove(t, 2), table.concat(t, ","))
print(table.remove({}), table.remove({}, 1), table.remove({ 1, 2 }, 5), #t)
print(table.concat({}), table.concat({ 1 }), table.concat({ 1, 2, 3 }, ", ", 2), table.concat({ 1, 2, 3 }, "-", 2, 3), table.concat({ 1, 2 }, "x", 3), table.concat({ "a", 1.5, "b" }))
print(table.maxn({}), table.maxn({ 1, 2, nil, 4 }), table.maxn({ [10] = 1, [3.5] = 2 }), table.maxn({ [-1] = 1 }), table.getn({ 1, 2, 3 }))
table.foreach({ 1, 2 }, function(k, v) print("foreach", k, v) end)
print(table.foreach({ a = 1 }, function(k, v) return k .. v end))
table.foreachi({ 5, 6, nil, 7 }, function(i, v) print("foreachi", i, v) end)
print(table.foreachi({ 5, 6 }, function(i, v) if i == 2 then return "stop" end end))
local function sorted(t, f) table.sort(t, f) local o = {} for i = 1, #t do o[i] = tostring(t[i]) end print(table.concat(o, " ")) end
sorted({ 3, 1, 2 }) sorted({}) sorted({ 1 }) sorted({ 2, 1 }) sorted({ "b", "a", "C" }) sorted({ 5, 4, 3, 2, 1, 0, -1 })
sorted({ 3, 1, 2 }, function(a, b) return a > b end)
local recs = {}
for i = 1, 30 do recs[i] = { k = i * 17 % 5, id = i } end
table.sort(recs, function(a, b) return a.k < b.k end)
local ids = {} for i, r in ipairs(recs) do ids[i] = r.k .. ":" .. r.id end
print(table.concat(ids, " "))
local log = {}
table.sort({ 4, 2, 7, 1, 9, 3 }, function(a, b) log[#log + 1] = a .. "<" .. b return a < b end)
print(table.concat(log, " "))
print(pcall(table.sort, { 1, 2, 3, nil, 5 }))
for n = 1, 40 do local x = {} for i = 1, n do x[i] = (i * 7919 + 13) % 101 end table.sort(x) for i = 2, n do assert(x[i - 1] <= x[i]) end end
print(unpack({ 1, 2, 3 })) print(unpack({ 1, 2, 3 }, 2)) print(unpack({ 1, 2, 3 }, 2, 5)) print(unpack({}, 1, 2)) print(unpack({ 1, nil, 3 }, 1, 3)) print(unpack({ 1 }, 2, 1))
print(select("#"), select("#", nil), select(2, "a", "b", "c"), select(-1, "a", "b"), select(5, 1))
-- math.*
print(math.abs(-1), math.ceil(1.2), math.ceil(-1.2), math.floor(1.8), math.floor(-1.2), math.max(1, 3, 2), math.min(3, 1, 2), math.sqrt(16), math.pi, math.huge, -math.huge)
print(math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3), math.mod(5, 3), math.modf(3.7), math.modf(-3.7), math.modf(5), math.modf(1/0), math.modf(-1/0))
print(math.frexp(8), math.frexp(0), math.frexp(-3), math.ldexp(0.5, 4), math.pow(2, 3), math.log(1), math.exp(0), math.log10(1000))
print(math.deg(math.pi), math.rad(180), math.sin(0), math.cos(0), math.tan(0), math.atan2(1, 1), math.asin(1), math.acos(1), math.atan(1), math.sinh(0), math.cosh(0), math.tanh(0))
print(math.floor(-0.0), math.ceil(-0.5), math.floor(2^53 + 0.5), math.max(0/0, 1) ~= math.max(0/0, 1), math.min(1), pcall(math.max))
do local r = math.random() assert(r >= 0 and r < 1) r = math.random(10) assert(r >= 1 and r <= 10) r = math.random(5, 6) assert(r == 5 or r == 6) end
-- base
print(rawequal(1, 1), rawequal("a", "a"), rawequal({}, {}), rawget({ 5 }, 1), rawset({}, 1, 2)[1])
print(next({}), next({ 10 }), type(next), ipairs({})~=nil)
for i, v in ipairs({ 1, 2, nil, 4 }) do print(i, v) end
print(pcall(pcall), pcall(pcall, error), pcall(pcall, error, "e"), pcall(function(...) return ... end, 1, nil, 3))
print(xpcall(function() return 1, 2 end, print), xpcall(function() error("e", 0) end, function(m) return "handled " .. m end))
print(xpcall(function() error() end, function(m) return m, "second" end))
print(xpcall(function() local x = nil + 1 end, function(m) return (m:gsub("^[^:]*:%d+: ", "")) end))
print(pcall(error, "msg", 0), pcall(error, "msg"), pcall(error, nil))
print(loadstring("return 1, 2")(), loadstring("syntax error here"), loadstring("return ...", "name")(7))
print(loadstring("error('x')", "@chunk") and pcall(loadstring("error('x')", "@chunk")))
print(pcall(loadstring("error('x')")), pcall(loadstring("\n\nerror('x')", "=eq")))
local parts, i = { "return ", "1 ", "+ 2" }, 0
print(load(function() i = i + 1 return parts[i] end)())
print(load(function() return nil end)())
print(pcall(load, function() error("reader") end, "c"))
local once = false
print(load(function() if not once then once = true return "x = = 1" end end, "=loaded"))
print(pcall(load, nil), load(function() return nil end, "=n") ~= nil)
print(_VERSION, _G._G == _G, type(_G))
print(type(gcinfo()), type(collectgarbage("count")), collectgarbage(), collectgarbage("stop"), collectgarbage("restart"), collectgarbage("setpause", 200), collectgarbage("setstepmul", 200))
print(assert(1, 2, 3), pcall(assert, nil), pcall(assert, false, "m"), pcall(assert, nil, 5))
print(type(os.clock()), tostring(nil), tostring(true), tostring("x"), type(tostring({})))
print(tostring(print):match("^(%a+): 0x") , tostring({}):match("^(%a+): 0x"), tostring(coroutine.create(print ~= nil and function() end)):match("^(%a+): 0x"), tostring(newproxy()):match("^(%a+): 0x"))
-- Depth.
local function depth(n) local ok, e = pcall(depth_, n) end
local function nested(n) if n == 0 then return "ok" end return select(2, pcall(nested, n - 1)) end
print(nested(100))
local function sums(n) if n == 0 then return 0 end return n + sums(n - 1) end
print(sums(15000))
print(pcall(function() local function f() f() end f() end))
local ok, e = pcall(function() local function f() return f() + 1 end return f() end)
print(ok, e)
print(pcall(string.gsub, ("x"):rep(10), "x", function() return pcall(error) and "" or "y" end))
local mt = {} mt.__index = function(t, k) return t[k + 1] end
print(pcall(function() return setmetatable({}, mt)[1] end))
print(#table.concat({ ("x"):rep(100), ("y"):rep(100) }, ("z"):rep(50)))

-- One function under two names.
print(string.gfind == string.gmatch, math.mod == math.fmod)
