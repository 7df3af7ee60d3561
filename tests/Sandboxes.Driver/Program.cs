using System.Text.Json;
using Fleet.Host.Logs;
using Fleet.Host.Sandboxes;
using Fleet.Sandboxes;
using Fleet.Sandboxes.Driver;
using Microsoft.Extensions.Logging;

// The sandboxes port in a process of its own, so that tests which run as root can use it as the ordinary user that an agent is, and can kill it.
// One settings object, then commands, one JSON object a line on standard input; one line of answer to each ("together": one to each of its orders as it ends, and one to all).
var settings = JsonSerializer.Deserialize<SandboxSettings>(Console.ReadLine()!)!;
using var logs = LoggerFactory.Create(b => b.AddConsole(c => c.LogToStandardErrorThreshold = LogLevel.Trace));
using var sandboxes = new LinuxSandboxes(settings, logs.CreateLogger("sandboxes"));
using var exits = sandboxes.OnExit(run => Say("exit", run));

while (Console.ReadLine() is { } line)
{
    await Do(JsonSerializer.Deserialize<Order>(line)!);
}

async Task Do(Order order)
{
    try
    {
        switch (order.Do)
        {
            case "start":
                Say("started", await sandboxes.Start(order.Request!, CancellationToken.None));
                break;
            case "start-all":
                var outcomes = await Task.WhenAll(order.Requests.Select(r => Task.Run(() => sandboxes.Start(r, CancellationToken.None))));
                Say("started", outcomes.OfType<StartOutcome.Failed>().Select(f => $"{f.Failure.Code}: {f.Failure.Message}").ToArray());
                break;
            case "together":
                await Task.WhenAll(order.Orders.Select(o => Task.Run(async () =>
                {
                    await Task.Delay(o.DelayMs);
                    await Do(o);
                })));
                Say("done", null);
                break;
            case "inspect":
                Say("inspected", await sandboxes.Inspect(order.Run!.Value));
                break;
            case "signal":
                await sandboxes.Signal(order.Identity!, order.Signal);
                Say("signalled", order.Run);
                break;
            case "remove":
                await sandboxes.Remove(order.Run!.Value);
                Say("removed", order.Run);
                break;
            case "exec":
                Say("executed", await sandboxes.Exec(order.Identity!, order.Request!.Spec, [.. order.Command!], TimeSpan.FromMilliseconds(order.TimeoutMs)));
                break;
            case "usage":
                Say("used", sandboxes.Usage(order.Run!.Value));
                break;
            case "return":
                Say("returned", await sandboxes.ReturnSlice([.. order.Idle]));
                break;
            case "tail":
                Say("read", LogReader.Tail(order.Log, 10).ToArray());
                break;
            case "rotate":
                new LogRotator(() => [new LogFile(order.Log, null)], LogRotationSettings.Default with { MaxBytes = 4096 }, TimeProvider.System, logs.CreateLogger<LogRotator>()).Scan();
                Say("rotated", order.Run);
                break;
            case "list":
                Say("listed", await sandboxes.List());
                break;
            case "probe":
                Say("probed", SandboxProbe.Probe(settings));
                break;
        }
    }
    catch (Exception e)
    {
        Say("threw", e.ToString());
    }
}

// "kind TYPE json": the type names the case of a closed hierarchy.
static void Say(string kind, object? value) =>
    Console.WriteLine($"{kind} {value?.GetType().Name ?? "null"} {JsonSerializer.Serialize(value, value?.GetType() ?? typeof(object))}");
