-- What wrk sends and prints: the paths of PATHS (by spaces) in turn, DEPTH requests at a time, and one line of figures.
local wanted = {}
for path in string.gmatch(os.getenv("PATHS"), "%S+") do wanted[#wanted + 1] = path end
local depth = tonumber(os.getenv("DEPTH"))
local batches, at = {}, 0

function init(args)
  for first = 1, #wanted do
    local batch = {}
    for i = 0, depth - 1 do
      batch[#batch + 1] = wrk.format("GET", wanted[(first - 1 + i) % #wanted + 1])
    end
    batches[first] = table.concat(batch)
  end
end

function request()
  at = at % #batches + 1
  return batches[at]
end

function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format("FIGURES %d %d %d %d %d %d", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
