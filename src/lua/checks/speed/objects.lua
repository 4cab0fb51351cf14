local Account = {}
Account.__index = Account
function Account.new(b) return setmetatable({ balance = b, ops = 0 }, Account) end
function Account:deposit(v) self.balance = self.balance + v; self.ops = self.ops + 1 end
function Account:get() return self.balance end
local Special = setmetatable({}, { __index = Account })
Special.__index = Special
function Special.new(b) local o = Account.new(b); return setmetatable(o, Special) end
local total = 0
for i = 1, 200000 do
  local a = Special.new(i)
  for j = 1, 10 do a:deposit(j) end
  total = total + a:get()
end
print(total)
