local text = ("The quick brown fox, jumps over 12 lazy dogs; key=value %d! "):rep(200)
local n = 0
for round = 1, 20 do
  for w in text:gmatch("%a+") do n = n + #w end
  local s, c = text:gsub("(%w+)=(%w+)", "%2=%1")
  n = n + c
  s, c = text:gsub("%d+", function(d) return d * 2 end)
  n = n + c
  for k in text:gmatch("[%w_]+=[^%s]*") do n = n + #k end
  n = n + (text:find("notthere", 1, true) or 0) + #text:gsub("%s+", " ")
end
print(n)
