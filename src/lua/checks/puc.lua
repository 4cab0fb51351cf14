-- What PUC's test files want beside the language: files that are kept in memory or read by the host, `require` of a file
-- of their own, one locale, and as much of `debug` as the host can tell. READ and INFO are the host's.
local read, info = READ, INFO
READ, INFO = nil, nil
local kept = {}

function loadfile(name)
  local text = kept[name] or read(name)
  if not text then return nil, "cannot open " .. name end
  return loadstring(text, "@" .. name)
end

function dofile(name)
  return assert(loadfile(name))()
end

local loaded = {}
function require(name)
  if loaded[name] == nil then
    loaded[name] = assert(loadfile(name .. ".lua"))(name) or true
  end
  return loaded[name]
end

local File = {}
File.__index = File

local function open(name)
  return setmetatable({name = name, pieces = {}}, File)
end

function File:write(...)
  for i = 1, select("#", ...) do
    self.pieces[#self.pieces + 1] = tostring((select(i, ...)))
  end
  return true
end

function File:seek()
  return 0
end

function File:read()
  return table.concat(self.pieces)
end

function File:close()
  if self.name then kept[self.name] = self:read() end
  return true
end

local screen = open()
local output = screen
io = {stdout = screen, stderr = screen}

function io.tmpfile()
  return open()
end

function io.output(name)
  output = open(name)
end

function io.write(...)
  if output == screen then return true end
  return output:write(...)
end

function io.close()
  output:close()
  output = screen
end

function os.tmpname()
  return "a file in memory"
end

function os.remove(name)
  kept[name] = nil
  return true
end

function os.setlocale(wanted)
  return (wanted == nil or wanted == "" or wanted == "C") and "C" or nil
end

debug = {getinfo = info}
