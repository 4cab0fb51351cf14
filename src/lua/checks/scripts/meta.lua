-- Metatables.
local mt = {}
local function obj(v) return setmetatable({ v = v }, mt) end
local function val(x) return type(x) == "table" and x.v or x end
for _, op in ipairs { "add", "sub", "mul", "div", "mod", "pow", "unm", "concat" } do
  mt["__" .. op] = function(a, b) return op .. "(" .. tostring(val(a)) .. "," .. tostring(val(b)) .. ")" end
end
mt.__len = function() return 99 end
mt.__eq = function(a, b) return a.v == b.v end
mt.__lt = function(a, b) return val(a) < val(b) end
mt.__le = function(a, b) return val(a) <= val(b) end
mt.__call = function(self, ...) return "call", self.v, select("#", ...), ... end
mt.__tostring = function(self) return "obj:" .. self.v end
local a, b = obj(1), obj(2)
print(a + b, a + 1, 1 + a, a - 2, "3" * a, a / b, a % 5, 2 ^ a)
print((-a):sub(1, 8), a .. b, a .. "x", "x" .. a, 1 .. a, a .. b .. "c", "x" .. "y" .. a, "p" .. a .. "q")
print(#a, a == b, a == obj(1), a ~= obj(1), a < b, a <= b, a > b, a >= b, a == 1, rawequal(a, obj(1)))
print(a(), a(1, nil))
print(tostring(a), #{ a() })
print(pcall(function() return a < 1 end))
print(pcall(function() return a == "x", 1 < a end))
-- __le by __lt.
local lt = { __lt = function(a, b) return a.v < b.v end }
local c, d = setmetatable({ v = 1 }, lt), setmetatable({ v = 2 }, lt)
print(c <= d, d <= c, c >= d, not (c <= d))
if c <= d then print("yes") else print("no") end
if not (c < d) then print("no") else print("yes") end
-- __index chains.
local base = { x = "base x", f = function(self) return "f of " .. tostring(self.name) end }
local mid = setmetatable({ y = "mid y" }, { __index = base })
local top = setmetatable({ name = "top" }, { __index = mid })
print(top.x, top.y, top.z, top:f(), rawget(top, "x"))
local calls = 0
local dyn = setmetatable({}, { __index = function(t, k) calls = calls + 1 return k .. "?" end })
print(dyn.a, dyn.b, dyn[1], calls)
print(setmetatable({}, { __index = dyn }).deep)
print(("x").len == string.len, ("abc").sub("hello", 2, 3))
-- __newindex.
local store = {}
local w = setmetatable({}, { __newindex = store })
w.a = 1
print(rawget(w, "a"), store.a)
local seen = {}
local x = setmetatable({ present = 1 }, { __newindex = function(t, k, v) seen[#seen + 1] = tostring(k) .. "=" .. tostring(v) rawset(t, k, v) end })
x.present = 2
x.new = 3
x.new = 4
x[1] = "one"
print(table.concat(seen, " "), x.present, x.new, x[1])
local proxy = setmetatable({}, { __newindex = setmetatable({}, { __newindex = function(t, k, v) print("inner", k, v) end }) })
proxy.q = 5
-- Globals by setfenv.
local env = setmetatable({}, { __index = _G, __newindex = function(t, k, v) rawset(t, k, v) print("define", k) end })
local chunk = loadstring("g1 = 1; g2 = g1 + 1; print(g1, g2); return getfenv(1) == ...")
setfenv(chunk, env)
print(chunk(env), g1, getfenv(chunk) == env)
local function level() return getfenv(2) == _G end
print(level(), getfenv(0) == _G, getfenv(print) == _G, getfenv() == _G)
local function changes() setfenv(1, { print = print }) x1 = 5 print(x1) return string end
print(changes(), x1)
-- Protected metatables.
local locked = setmetatable({}, { __metatable = "locked" })
print(getmetatable(locked), pcall(setmetatable, locked, {}))
print(getmetatable("").__index == string, getmetatable({}))
-- __call chains and __tostring.
local cc = setmetatable({}, { __call = function(self, a, b) return a, b end })
print(pcall(cc, 1, 2), select("#", cc(1)))
print(tostring(setmetatable({}, { __tostring = function() return "custom" end })))
print(pcall(tostring, setmetatable({}, { __tostring = function() return 5 end })))
print(pcall(print, setmetatable({}, { __tostring = function() return {} end })))
-- Metamethods that are not Lua functions.
print(pcall(function() return setmetatable({}, { __index = rawget }).x end))
print(pcall(function() return setmetatable({}, { __add = math.max }) + 1 end))
print(setmetatable({}, { __concat = function(a, b) return type(a) .. type(b) end }) .. 1)
print(-setmetatable({}, { __unm = function(a, b) return rawequal(a, b) and 7 end }))
-- Errors pass through metamethods; pcall inside them works.
local e = setmetatable({}, { __index = function(t, k) local ok, err = pcall(error, k) return err end })
print(e.boom)
print(pcall(function() return setmetatable({}, { __lt = function() error("cmp", 0) end }) < setmetatable({}, {}) end))
-- newproxy.
local p = newproxy(true)
getmetatable(p).__index = function(_, k) return k .. k end
getmetatable(p).__len = function() return 3 end
local q = newproxy(p)
print(type(p), p.ab, #q, getmetatable(q) == getmetatable(p), newproxy() == newproxy(), getmetatable(newproxy(false)))
-- Weak tables.
local weak = setmetatable({}, { __mode = "k" })
local strong = {}
weak[strong] = 1
weak[{}] = 2
collectgarbage()
local n = 0
for k in pairs(weak) do n = n + 1 end
print(n)
local wv = setmetatable({}, { __mode = "v" })
wv[1] = {} wv[2] = strong wv.x = {} wv.s = "str" wv.n = 5
collectgarbage()
print(wv[1], wv[2] == strong, wv.x, wv.s, wv.n)
-- Sorting and concat with metamethods.
local objs = {}
for i = 1, 10 do objs[i] = obj(i * 7 % 11) end
table.sort(objs)
for i = 1, 10 do io = nil objs[i] = objs[i].v end
print(table.concat(objs, " "))
-- Comparison results are booleans.
local odd = setmetatable({}, { __eq = function() return 1 end, __lt = function() return nil end, __le = function() return "yes" end })
local odd2 = setmetatable({}, getmetatable(odd))
print(odd == odd2, odd < odd2, odd <= odd2, odd ~= odd2)
