local x = 0
for i = 1, 20000000 do x = x + i % 7 end
print(x)
