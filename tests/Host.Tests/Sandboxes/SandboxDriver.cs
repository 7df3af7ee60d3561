using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Fleet.Actors.Sandboxes;
using Fleet.Host.Sandboxes;
using Fleet.Host.Tests.Hosts;
using Fleet.Hosts;
using Fleet.Processes;
using Fleet.Sandboxes;
using Fleet.Sandboxes.Driver;

namespace Fleet.Host.Tests.Sandboxes;

/// <summary>LinuxSandboxes in a process of the agent's user (tests/Sandboxes.Driver).</summary>
public sealed class SandboxDriver : IDisposable
{
    private readonly Process process;

    /// <param name="inLeaf">False: it stays in the cgroup of the tests, as an agent that was merely started.</param>
    public SandboxDriver(SandboxHost host, SandboxSettings settings, bool inLeaf = true)
    {
        string[] command = ["setpriv", "--reuid", $"{host.Uid}", "--regid", $"{host.Gid}", "--clear-groups", "dotnet", "exec",
            Path.Combine(Staged.Folder, "Sandboxes.Driver.dll")];
        command = inLeaf ? AgentLeaf.Command(SandboxHost.User, command) : command;
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = "/tmp";
        start.Environment["DOTNET_CLI_HOME"] = "/tmp";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        Send(settings);
    }

    /// <summary>Runs whose exit the driver told of while it answered something else.</summary>
    public List<RunId> Exits { get; } = [];

    public StartOutcome Start(SandboxRequest request) => Ask(new Order("start") { Request = request }) switch
    {
        ("Started", var json) => JsonSerializer.Deserialize<StartOutcome.Started>(json)!,
        ("Failed", var json) => JsonSerializer.Deserialize<StartOutcome.Failed>(json)!,
        var other => throw new InvalidOperationException($"{other}"),
    };

    /// <summary>Starts them at once and answers why which failed.</summary>
    public string[] StartAll(params SandboxRequest[] requests) => JsonSerializer.Deserialize<string[]>(Ask(new Order("start-all") { Requests = requests }).Json)!;

    /// <summary>Does them at once, each after its delay; what was answered, in the order of the answers.</summary>
    public List<string> Together(params Order[] orders)
    {
        var answers = new List<string>();
        for (var answer = Ask(new Order("together") { Orders = orders }); answer.Type != "null"; answer = Read())
        {
            answers.Add($"{answer.Type} {answer.Json}");
        }

        return answers;
    }

    public SandboxIdentity Started(SandboxRequest request) => Start(request) switch
    {
        StartOutcome.Started started => started.Identity,
        var other => throw new InvalidOperationException($"not started: {other}"),
    };

    public StartFailure Failed(SandboxRequest request) => Assert.IsType<StartOutcome.Failed>(Start(request)).Failure;

    public SandboxView Inspect(RunId run) => Ask(new Order("inspect") { Run = run }) switch
    {
        ("Running", var json) => JsonSerializer.Deserialize<SandboxView.Running>(json)!,
        ("Exited", var json) => JsonSerializer.Deserialize<SandboxView.Exited>(json)!,
        ("Absent", _) => new SandboxView.Absent(),
        var other => throw new InvalidOperationException($"{other}"),
    };

    /// <summary>The exit of a run, waited for.</summary>
    public SandboxExit Exit(RunId run)
    {
        for (var i = 0; i < 3000; i++)
        {
            if (Inspect(run) is SandboxView.Exited exited)
            {
                return exited.Exit;
            }

            Thread.Sleep(10);
        }

        throw new TimeoutException($"{run} does not end");
    }

    public void Signal(SandboxIdentity identity, StopSignal signal) => Ask(new Order("signal") { Identity = identity, Signal = signal });

    public void Remove(RunId run) => Assert.Equal("RunId", Ask(new Order("remove") { Run = run }).Type);

    public ExecResult Exec(SandboxIdentity identity, SandboxRequest request, int timeoutMs, params string[] command) => JsonSerializer.Deserialize<ExecResult>(
        Ask(new Order("exec") { Identity = identity, Request = request, Command = command, TimeoutMs = timeoutMs }).Json)!;

    public SandboxUsage? Usage(RunId run) => JsonSerializer.Deserialize<SandboxUsage?>(Ask(new Order("usage") { Run = run }).Json);

    /// <summary>As the agent reads it for people.</summary>
    public string[] Tail(string log) => JsonSerializer.Deserialize<string[]>(Ask(new Order("tail") { Log = log }).Json)!;

    /// <summary>One look of the agent's rotator, with a limit of 4 KiB.</summary>
    public void Rotate(string log) => Ask(new Order("rotate") { Log = log });

    public SliceReturn Return(params SliceOf[] idle) => JsonSerializer.Deserialize<SliceReturn>(Ask(new Order("return") { Idle = idle }).Json)!;

    public ImmutableArray<RunId> List() => JsonSerializer.Deserialize<ImmutableArray<RunId>>(Ask(new Order("list")).Json);

    public string[] Probe() => JsonSerializer.Deserialize<string[]>(Ask(new Order("probe")).Json)!;

    public void Send(object order)
    {
        process.StandardInput.WriteLine(JsonSerializer.Serialize(order, order.GetType()));
        process.StandardInput.Flush();
    }

    /// <summary>kill -9, as it may hit an agent at any instant.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            foreach (var run in List())
            {
                Remove(run);
            }

            Kill();
        }

        process.Dispose();
    }

    private (string Type, string Json) Ask(Order order)
    {
        Send(order);
        return Read();
    }

    private (string Type, string Json) Read()
    {
        while (true)
        {
            var line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the driver has ended");
            var parts = line.Split(' ', 3);
            switch (parts[0])
            {
                case "exit":
                    Exits.Add(JsonSerializer.Deserialize<RunId>(parts[2]));
                    break;
                case "threw":
                    throw new InvalidOperationException(parts[2]);
                default:
                    return (parts[1], parts[2]);
            }
        }
    }
}
