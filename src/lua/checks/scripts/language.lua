-- Chapter 2 of the manual, in order.
print(type(nil), type(true), type(1), type("x"), type({}), type(print), type(coroutine.create(function() end)))
print(10 == "10", 0 == -0, "a" == "a", {} == {}, 1 == 1.0)
print("10" + 1, "0x10" * 1, " 5 " - 0, 10 .. 20, -"2", "3" ^ "2")
print(7 % 3, -7 % 3, 7 % -3, -7 % -3, 5.5 % 2, -0.5 % 1, 1 % math.huge, -1 % math.huge, 5 % 0)
print(2 ^ 10, 2 ^ 0.5, (-2) ^ 3, -2 ^ 2, 2 ^ 3 ^ 2, 1 / 0, -1 / 0, 0 / 0)
print(1 < 2, 1 <= 1, "a" < "b", "a" < "B", "" < "a", "a\0b" < "a\0c", "10" < "9", 1 ~= 2)
print(nil and 1, false or nil, 1 and 2, nil or "d", false and error("x"), 0 and "zero is true", not nil, not 0)
print(1 .. "", "a" .. "b" .. "c" .. 1 .. 2, 1.5 .. "|" .. -0.0)
print(#"", #"abc", #"a\0b", #{1, 2, 3}, #{1, 2, nil, 4}, #{n = 1}, #{nil}, #{nil, 2})
print(1 + 2 * 3 - 4 / 2, (1 + 2) * 3, 2 * 3 % 4, "a" .. 1 + 2, not 1 == 2, -3 ^ 2, 1 .. 2 == "12")
print('\a\b\f\n\r\t\v\\\"\'\065\10\x' == "\7\8\12\10\13\9\11\92\34\39A\nx", "a\
b", [[
first newline dropped]], [==[a]]b]=]c]==], #[[

]])
print(3, 3.0, 3.1416, 314.16e-2, 0.31416E1, 0xff, 0xA, .5, 5., 1e2, 1e+2)
-- Assignment.
do
  local i, a = 3, {}
  i, a[i] = i + 1, 20
  print(i, a[3], a[4])
  local x, y, z = 1, 2
  x, y = y, x
  print(x, y, z)
  local function f() return 1, 2, 3 end
  local a, b, c, d = f()
  print(a, b, c, d)
  a, b, c, d = 0, f()
  print(a, b, c, d)
  a, b, c, d = f(), 10
  print(a, b, c, d)
  a, b = (f())
  print(a, b)
  local t = { f(), f(), (f()) }
  print(#t, t[1], t[2], t[3])
  t = { f(), n = 1, f() }
  print(#t, t.n)
  local q = {}
  q.a, q.b, q.c = f()
  print(q.a, q.b, q.c)
  local s = { 1, 2 }
  local k = 1
  k, s[k] = 2, "set"
  print(s[1], s[2])
  do
    local a = { b = { c = 1 } }
    a, a.b.c = 5, 6
    print(a)
  end
end
-- Control.
do
  local n = 0
  while true do n = n + 1 if n > 5 then break end end
  repeat local inside = n n = n - 1 until inside < 3
  print(n)
  for i = 3, 1, -1 do io = io end
  for i = 1, 3 do local j = i i = 10 n = n + j end
  print(n)
  for i = 1, 0 do print("never") end
  for i = 1, 2, 0.5 do n = n + i end
  print(n)
  for i = "1", "3" do n = n + i end
  print(n)
  for i = 3, 1 do print("never") end
  for i = math.huge, 1, -1 do break end
  local t = {}
  for k, v in pairs({ 10, 20, x = 30 }) do t[#t + 1] = tostring(k) .. "=" .. v end
  print(table.concat(t, " "))
  for k, v, extra in next, { 1 } do print(k, v, extra) end
  if nil then elseif false then elseif 1 then print("third") else print("no") end
  local function it(s, c) if c < s then return c + 1, c * c end end
  for a, b in it, 3, 0 do print(a, b) end
  for w in string.gmatch("a b", "%a") do w = w .. "!" print(w) end
end
-- Closures.
do
  local fs = {}
  for i = 1, 3 do fs[i] = function() i = i + 1 return i end end
  print(fs[1](), fs[1](), fs[2](), fs[3]())
  local gs = {}
  local j = 0
  while j < 3 do j = j + 1 local k = j gs[j] = function() k = k + 10 return k end end
  print(gs[1](), gs[1](), gs[3]())
  local function counter() local c = 0 return function() c = c + 1 return c end, function() return c end end
  local inc, get = counter()
  inc() inc()
  print(get())
  local hs = {}
  local n = 0
  repeat local u = n hs[#hs + 1] = function() return u end n = n + 1 until u >= 2
  print(hs[1](), hs[2](), hs[3]())
  local a = {}
  for i = 1, 10 do
    local x = i
    if i == 3 then a[1] = function() return x end break end
  end
  print(a[1]())
  local function outer() local v = 1 local function mid() local function inner() v = v + 1 return v end return inner end return mid(), function() return v end end
  local inner, read = outer()
  inner() inner()
  print(read())
  local function shadow(x) local x = x or "default" return function() return x end end
  print(shadow()(), shadow(1)())
end
-- Functions.
do
  local function v(...) return select("#", ...), ... end
  print(v())
  print(v(nil))
  print(v(nil, nil))
  print((v(1, 2, 3)))
  local function old(a, ...) return arg.n, arg[1], arg[2], a end
  print(old(1, 2, 3))
  local function new(...) local a, b = ... return a, b, arg end
  print(new(1))
  local function both(...) local t = { ... } return #t, (...) end
  print(both(7, 8))
  local t = { x = 1 }
  function t:m(a) return self.x, a end
  function t.n(a) return a end
  t.o = { p = {} }
  function t.o.p:q() return self == t.o.p end
  print(t:m(5), t.n(6), t.o.p:q())
  local function f() return 1, 2 end
  print(f(), f())
  print(#{ f(), (f()) })
  local function tail(n) if n == 0 then return "done" end return tail(n - 1) end
  print(tail(100000))
  print(type(f "x"), (function(t) return t.a end) { a = 5 })
  print(("%d"):format(5), #"abc" + 1, ("x"):rep(3):upper())
  print(string.format("%s", "a"), (string.format "%%"))
end
print(pcall(function() local function deep() return 1 + deep() end return deep() end))
-- Tables.
do
  local t = { 1, 2, 3, [2] = "no", x = 1, ["y z"] = 2, [1.5] = 3, [true] = 4; 5 }
  print(t[1], t[2], t[3], t[4], t.x, t["y z"], t[1.5], t[true])
  local big = {}
  for i = 1, 100 do big[i] = i end
  for i = 100, 51, -1 do big[i] = nil end
  print(#big)
  local huge = { [1e300] = 1, [-1] = 2, [0] = 3, [2 ^ 53] = 4 }
  print(huge[1e300], huge[-1], huge[0], huge[2 ^ 53], huge[-0])
  local n = 0
  for k in pairs(huge) do n = n + 1 end
  print(n)
  local keys = {}
  local mix = { 10, 20, 30, a = 1, b = 2, c = 3, d = 4, [100] = 5, [0.5] = 6 }
  for k in pairs(mix) do keys[#keys + 1] = tostring(k) end
  print(table.concat(keys, " "))
  for k in pairs(mix) do mix[k] = nil end
  print(next(mix))
  local words = {}
  for w in ("the quick brown fox jumps over the lazy dog and then some more words to fill the table up nicely"):gmatch("%a+") do words[w] = (words[w] or 0) + 1 end
  local list = {}
  for w, c in pairs(words) do list[#list + 1] = w .. c end
  print(table.concat(list, " "))
  local nums = {}
  for i = 1, 40 do nums[i * 7 % 41] = i end
  list = {}
  for k, v in pairs(nums) do list[#list + 1] = k .. ":" .. v end
  print(table.concat(list, " "))
  nums = {}
  for i = -20, 20 do nums[i / 4] = i end
  list = {}
  for k, v in pairs(nums) do list[#list + 1] = k end
  print(table.concat(list, " "))
end
