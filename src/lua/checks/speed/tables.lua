local sum = 0
for round = 1, 20 do
  local t = {}
  for i = 1, 100000 do t[i] = i end
  local h = {}
  for i = 1, 20000 do h["k" .. (i % 1000)] = i end
  for i, v in ipairs(t) do sum = sum + v end
  for k, v in pairs(h) do sum = sum + v end
end
print(sum)
