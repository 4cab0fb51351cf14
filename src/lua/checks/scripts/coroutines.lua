local function gen(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local s = 0
for v in gen(10) do s = s + v end
print(s)
local co = coroutine.create(function(a, b)
  print("start", a, b, coroutine.status(coroutine.running()))
  local c = coroutine.yield(a + b)
  print("got", c)
  local d, e = coroutine.yield(c * 2)
  print("got", d, e)
  return "end", d + e
end)
print(coroutine.status(co))
print(coroutine.resume(co, 1, 2))
print(coroutine.status(co))
print(coroutine.resume(co, 10))
print(coroutine.resume(co, 3, 4))
print(coroutine.status(co), coroutine.resume(co))
print(coroutine.resume(coroutine.create(function() error("oops") end)))
print(type(select(2, coroutine.resume(coroutine.create(function() error({}) end)))))
print(select("#", coroutine.resume(coroutine.create(function() return end))))
print(coroutine.resume(coroutine.create(function(...) return select("#", ...), ... end), nil, nil))
print(coroutine.running())
-- Status of one that resumed another.
local outer
outer = coroutine.create(function()
  local inner = coroutine.create(function() return coroutine.status(outer), coroutine.resume(outer) end)
  print(coroutine.resume(inner))
  print(coroutine.resume(coroutine.running()))
end)
coroutine.resume(outer)
-- Yield across pcall, metamethods, sort, gsub, foreach: not in 5.1.
local function across(f) print(coroutine.resume(coroutine.create(f))) end
across(function() return pcall(function() coroutine.yield(1) end) end)
across(function() table.sort({ 1, 2 }, function() coroutine.yield() end) end)
across(function() ("x"):gsub("x", function() coroutine.yield() end) end)
across(function() return setmetatable({}, { __index = function() coroutine.yield() end }).x end)
across(function() return setmetatable({}, { __add = function() coroutine.yield() end }) + 1 end)
across(function() for k in function() coroutine.yield() end do end end)
across(function() table.foreach({ 1 }, function() coroutine.yield() end) end)
across(function() return tostring(setmetatable({}, { __tostring = function() coroutine.yield() end })) end)
across(function() loadstring("coroutine.yield('in chunk')")() end)
across(function() local t = setmetatable({}, { __call = function(_, x) return coroutine.yield(x) end }) return t("through call") end)
-- wrap inside wrap, errors pass through.
local function tree(t) if t then tree(t[1]) coroutine.yield(t[2]) tree(t[3]) end end
local it = coroutine.wrap(function() tree({ { nil, 1 }, 2, { { nil, 3 }, 4 } }) end)
print(it(), it(), it(), it(), it())
print(pcall(it))
print(pcall(coroutine.wrap(function() error("in wrap") end)))
print(pcall(coroutine.wrap(function() local x = nil; x() end)))
print(select(2, pcall(coroutine.wrap(function() error({ code = 1 }) end))).code)
local w = coroutine.wrap(function() return pcall(error, "inner") end)
print(w())
-- Producer, filter, consumer.
local function producer() return coroutine.create(function() for i = 1, 5 do coroutine.yield("line" .. i) end end) end
local function filter(p) return coroutine.create(function() local n = 1 while true do local ok, x = coroutine.resume(p) if not x then return end coroutine.yield(n .. ":" .. x) n = n + 1 end end) end
local f = filter(producer())
while true do local ok, v = coroutine.resume(f) if not v then break end io = v print(v) end
-- Upvalues shared between coroutines.
local shared = 0
local cs = {}
for i = 1, 3 do cs[i] = coroutine.wrap(function() while true do shared = shared + i coroutine.yield(shared) end end) end
print(cs[1](), cs[2](), cs[3](), cs[1](), shared)
-- A variable of a suspended coroutine seen from outside.
local get, set
local holder = coroutine.create(function() local v = 1 get = function() return v end set = function(x) v = x end coroutine.yield() v = v + 1 coroutine.yield(v) end)
coroutine.resume(holder)
set(41)
print(get(), coroutine.resume(holder))
print(get())
coroutine.resume(holder)
print(get(), coroutine.status(holder))
-- Many and deep.
local n = 0
for i = 1, 1000 do local c = coroutine.wrap(function(x) local y = coroutine.yield(x) n = n + y end) c(i) c(1) end
print(n)
local function nest(d) if d == 0 then return "bottom" end return coroutine.wrap(function() return nest(d - 1) end)() end
print(nest(50))
print(coroutine.wrap(function(...) return coroutine.yield(...) end)(1, 2, 3))
-- Varargs through yields.
local va = coroutine.wrap(function(...) local t = { ... } while true do t = { coroutine.yield(unpack(t)) } end end)
print(va(1, 2)) print(va()) print(va(nil, 5))
-- Stack overflow inside a coroutine.
print(coroutine.resume(coroutine.create(function() local function r() return 1 + r() end return r() end)))
