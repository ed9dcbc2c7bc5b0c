-- Asks for random lines of a file: wrk ... -s load.lua URL -- METHOD FILE [PATH]
-- GET: each line is a path with its query. POST: each line is a body sent to PATH.

local requests = {}

function init(arguments)
  local method, file, path = arguments[1], arguments[2], arguments[3]
  wrk.headers["Content-Type"] = method == "POST" and "application/json" or nil
  for line in io.lines(file) do
    if method == "POST" then
      requests[#requests + 1] = wrk.format("POST", path, nil, line)
    else
      requests[#requests + 1] = wrk.format("GET", line)
    end
  end
  math.randomseed(620)
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format("FIGURES %d %d %d %d %d\n", summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
