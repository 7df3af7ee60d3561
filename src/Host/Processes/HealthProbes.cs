using System.Diagnostics;
using System.Net.Sockets;
using Fleet.Actors.Processes;
using Fleet.Actors.Sandboxes;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Processes;

/// <summary>Asks over the host's loopback, which sandboxes share, or inside the sandbox.</summary>
public sealed class HealthProbes(ISandboxes sandboxes) : IHealthProbes, IDisposable
{
    // No redirects (a 302 is an answer), no proxy, and a connection of its own each time: a kept one would hide a server that accepts no more.
    // Made at its first use: a host without such a check need not hold what HTTP takes.
    private readonly Lazy<HttpClient> http = new(() => new HttpClient(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseProxy = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.Zero,
    })
    { Timeout = Timeout.InfiniteTimeSpan });

    public async Task<ProbeResult> Ask(SandboxIdentity identity, ProcessSpec spec, HealthCheck check)
    {
        using var limit = new CancellationTokenSource(check.Timeout);
        try
        {
            return check.Probe switch
            {
                HealthProbe.Exec probe => await Exec(identity, spec, probe, check.Timeout),
                HealthProbe.Http probe => await Http(probe, limit.Token),
                HealthProbe.Tcp probe => await Tcp(probe, limit.Token),
                _ => throw new UnreachableException($"{check.Probe.GetType()} is not a probe"),
            };
        }
        catch (OperationCanceledException)
        {
            return new ProbeResult(false, $"no answer in {Duration.Format(check.Timeout)}");
        }
        catch (Exception e) when (e is not UnreachableException)
        {
            return new ProbeResult(false, e.Message);
        }
    }

    public void Dispose()
    {
        if (http.IsValueCreated)
        {
            http.Value.Dispose();
        }
    }

    private async Task<ProbeResult> Exec(SandboxIdentity identity, ProcessSpec spec, HealthProbe.Exec probe, TimeSpan timeout)
    {
        var result = await sandboxes.Exec(identity, spec, probe.Command, timeout);
        var how = result.ExitCode is { } code ? $"{probe.Command[0]} exited with {code}" : $"{probe.Command[0]} did not end in {Duration.Format(timeout)}";
        return new ProbeResult(result.ExitCode == 0, result.OutputTail.Length == 0 ? how : $"{how}: {result.OutputTail}");
    }

    private async Task<ProbeResult> Http(HealthProbe.Http probe, CancellationToken cancel)
    {
        using var response = await http.Value.GetAsync(
            $"http://127.0.0.1:{probe.Port}{probe.Path}", HttpCompletionOption.ResponseHeadersRead, cancel);
        var status = (int)response.StatusCode;
        return new ProbeResult(status is >= 200 and < 400, $"GET {probe.Path} on port {probe.Port} answered {status}");
    }

    private static async Task<ProbeResult> Tcp(HealthProbe.Tcp probe, CancellationToken cancel)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", probe.Port, cancel);
        return new ProbeResult(true, $"port {probe.Port} accepts connections");
    }
}
