local total = 0
for round = 1, 20 do
  local parts = {}
  for i = 1, 10000 do parts[#parts + 1] = "item" .. i .. ":" .. (i * 2) end
  local s = table.concat(parts, ",")
  total = total + #s
  local acc = ""
  for i = 1, 1000 do acc = acc .. "x" .. i end
  total = total + #acc + #s:sub(100, 200):upper()
end
print(total)
