using Fleet.Host.Sandboxes;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Sandboxes;

/// <summary>
/// A test with a driver and folders of its own. Each body runs over crun and over runc: nothing that is promised may depend on which one it is.
/// </summary>
[Collection("sandboxes")]
public abstract class SandboxTest : IDisposable
{
    private static int last;

    private SandboxDriver? driver;

    protected SandboxTest(SandboxHost host, string runtime)
    {
        Host = host;
        Settings = host.SkipReason is null ? host.Fresh(runtime) : null!;
    }

    protected SandboxHost Host { get; }

    protected SandboxSettings Settings { get; set; }

    /// <summary>Started at its first use; the test is skipped where sandboxes cannot be.</summary>
    protected SandboxDriver Driver
    {
        get
        {
            Skip.If(Host.SkipReason is not null, Host.SkipReason);
            return driver ??= new SandboxDriver(Host, Settings);
        }
    }

    protected static ProcessId Id { get; } = new(JobId.Parse("web"), "server");

    protected string Stdout => File.ReadAllText(Settings.Paths.Stdout(Id));

    protected string Stderr => File.ReadAllText(Settings.Paths.Stderr(Id));

    public void Dispose()
    {
        driver?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>As after a kill -9: the next use starts another.</summary>
    protected void KillDriver()
    {
        driver?.Kill();
        driver = null;
    }

    protected static ProcessSpec Shell(string script) => new() { Name = "server", Executable = "/bin/sh", Args = ["-c", script] };

    protected static SandboxRequest Request(ProcessSpec spec) =>
        new(RunId.Parse($"run-{Environment.ProcessId}-{Interlocked.Increment(ref last)}"), Id, spec, SandboxPhase.Main, 0, []);

    /// <summary>Runs a script to its end and answers what it said.</summary>
    protected string Output(ProcessSpec spec, Func<SandboxRequest, SandboxRequest>? with = null)
    {
        RunToEnd(spec, with);
        return Stdout;
    }

    /// <summary>That a process says this and no more. A start answers when the program was executed; what it says may come a moment later.</summary>
    protected void AssertSays(string text, ProcessId process)
    {
        string Said() => File.ReadAllText(Settings.Paths.Stdout(process));
        Until(() => Said().Length >= text.Length);
        Assert.Equal(text, Said());
    }

    protected static void Until(Func<bool> holds)
    {
        for (var i = 0; i < 1000 && !holds(); i++)
        {
            Thread.Sleep(10);
        }

        Assert.True(holds());
    }

    protected void RunToEnd(ProcessSpec spec, Func<SandboxRequest, SandboxRequest>? with = null)
    {
        var request = Request(spec);
        request = with?.Invoke(request) ?? request;
        _ = Driver.Started(request);
        _ = Driver.Exit(request.Run);
        Driver.Remove(request.Run);
    }
}
