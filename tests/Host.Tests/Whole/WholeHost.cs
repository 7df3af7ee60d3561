using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fleet.Client.Linux;
using Fleet.Host.Hosts;
using Fleet.Host.Linux;
using Fleet.Host.Tests.Hosts;
using Fleet.Hosts;

namespace Fleet.Host.Tests.Whole;

/// <summary>The real program on this machine: prepared by host init, its agent an ordinary user, its jobs real. Everything of it goes at the end.</summary>
public sealed class WholeHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ThrowawayHost host = new();
    private Process? agent;

    private readonly System.Text.StringBuilder said = new();

    /// <summary>Whom the agent runs as.</summary>
    public string User => host.Options.User;

    public HostPaths Paths => host.Options.Paths;

    /// <summary>A folder of root that goes with the host.</summary>
    public string Folder => host.Folder;

    public string Config => $"{Paths.State}/test.conf";

    public HostInitOptions Options => host.Options;

    /// <param name="disk">The size of a file system of its own for all that the agent and its jobs keep, as of tmpfs(5); null: the machine's.</param>
    public static async Task<WholeHost> Prepare(string? disk = null)
    {
        foreach (var tool in new[] { "/usr/bin/crun", "/usr/sbin/runc", "/usr/bin/conmon", "/usr/bin/tini", "/usr/bin/newuidmap" })
        {
            Skip.IfNot(File.Exists(tool), $"{tool} is missing: run build/install-deps.sh");
        }

        var whole = new WholeHost();
        await whole.host.MountDisk(disk);
        await whole.host.Prepare();
        await whole.Configure("");
        return whole;
    }

    /// <param name="more">As of <see cref="Configure"/>.</param>
    public static async Task<WholeHost> Start(string more = "")
    {
        var whole = await Prepare();
        await whole.Configure(more);
        await whole.StartAgent();
        return whole;
    }

    /// <summary>Writes the agent's configuration, with more keys of <c>fleet</c>.</summary>
    public Task Configure(string more) => File.WriteAllTextAsync(Config, $$"""
        fleet {
          state = "{{Paths.State}}"
          bosh-root = "{{Paths.Bosh}}"
          api { socket = "{{Paths.Socket}}", group = "{{host.Options.User}}" }
          sandbox.cgroup = "{{host.Options.CgroupName}}"
          {{more}}
        }
        """);

    /// <summary>The agent in the foreground to its end, for starts that are to fail.</summary>
    public Task<CommandResult> AgentToItsEnd() => AsUser(AgentProgram).Run();

    public async Task StartAgent()
    {
        BeginAgent();
        await Until("the agent answers", async () =>
        {
            Assert.False(agent!.HasExited, $"the agent ended: {said}");
            return (await Fleet("host", "status")).Succeeded;
        });
    }

    /// <summary>The agent, which may be anywhere in its start when this returns.</summary>
    public void BeginAgent()
    {
        agent = AsUser(AgentProgram).Begin();
        said.Clear();
        agent.ErrorDataReceived += (_, line) => said.AppendLine(line.Data);
        agent.BeginOutputReadLine();
        agent.BeginErrorReadLine();
    }

    /// <summary>A command as the agent's user, outside of any sandbox.</summary>
    public Command AsUser(params string[] command) =>
        host.AsUser(command) with { Env = Env };

    public int AgentPid => agent?.Id ?? Environment.ProcessId;

    /// <summary>kill -9.</summary>
    public async Task KillAgent()
    {
        agent!.Kill();
        await agent.WaitForExitAsync();
        agent.Dispose();
        agent = null;
    }

    /// <summary>What people do at the end: the jobs are stopped, then the agent.</summary>
    public async Task Down()
    {
        var down = await Fleet("up", "--dir", Paths.State, "--down");
        Assert.True(down.Succeeded, down.Error);
        await agent!.WaitForExitAsync();
        agent.Dispose();
        agent = null;
    }

    /// <summary>What is still there of processes, sandboxes, cgroups and mounts, in words; beside the agent's own process.</summary>
    public IEnumerable<string> Leftovers() =>
    [
        .. new[] { Paths.Sandboxes, Paths.Exits, $"{Paths.State}/runtime" }.SelectMany(Directory.GetFileSystemEntries),
        .. host.Leaves(),
        .. File.ReadAllLines("/proc/self/mountinfo").Where(m => m.Contains(Folder, StringComparison.Ordinal)),
        .. Proc.FirstOfUsers(SubIds.First, SubIds.Count) is { } pid ? [$"process {pid}: {Proc.CommandLine(pid)}"] : (string[])[],
    ];

    public Task<CommandResult> Fleet(params string[] args) => Fleet(new Dictionary<string, string>(), args);

    /// <param name="env">Beside what everybody has who calls it.</param>
    public Task<CommandResult> Fleet(IReadOnlyDictionary<string, string> env, params string[] args) =>
        new Command($"{Staged.Folder}/fleet", args) { Env = new Dictionary<string, string>(Env.Concat(env)), Timeout = TimeSpan.FromMinutes(2) }.Run();

    public async Task<JsonElement> Json(params string[] args)
    {
        var result = await Fleet([.. args, "--json"]);
        Assert.True(result.Succeeded, $"fleet {string.Join(' ', args)}: {result.Error}");
        return JsonDocument.Parse(result.Output).RootElement;
    }

    /// <summary>Runs a script as root in the state folder.</summary>
    public async Task Shell(string script)
    {
        var result = await new Command("/bin/sh", "-ec", script) { WorkingDirectory = Paths.State }.Run();
        Assert.True(result.Succeeded, result.Error);
    }

    /// <summary>Writes a job file and runs it to the end of its rollout.</summary>
    public async Task<CommandResult> Run(string yaml, params string[] more)
    {
        var file = Path.Combine(host.Folder, $"{Guid.NewGuid():N}.yml");
        await File.WriteAllTextAsync(file, yaml);
        return await Fleet(["job", "run", file, .. more]);
    }

    /// <summary>Pids of the sandboxes' first processes, by process.</summary>
    public async Task<Dictionary<string, int>> Pids() => (await Json("host", "processes")).GetProperty("processes").EnumerateArray()
        .Where(p => p.GetProperty("pid").ValueKind == JsonValueKind.Number)
        .ToDictionary(p => p.GetProperty("id").GetString()!, p => p.GetProperty("pid").GetInt32());

    /// <summary>The stored names of one subject's events, in order.</summary>
    public async Task<List<string>> Events(string subject)
    {
        var log = await Fleet("audit", "log", "--json");
        return [.. log.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("envelope"))
            .Where(e => e.GetProperty("subject").GetString() == subject)
            .Select(e => e.GetProperty("name").GetString()!)];
    }

    public static async Task Until(string what, Func<Task<bool>> holds)
    {
        for (var began = Stopwatch.GetTimestamp(); !await holds(); await Task.Delay(50))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"in {Patience.TotalSeconds} s it did not come to be that {what}");
        }
    }

    // Whatever fails on the way, of the agent, its user and its folders nothing stays.
    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopEverything();
        }
        finally
        {
            if (agent is not null)
            {
                await KillAgent();
            }

            host.Dispose();
        }
    }

    private async Task StopEverything()
    {
        if (agent is null)
        {
            await Configure("");
            await StartAgent();
        }

        foreach (var job in (await Json("job", "list")).GetProperty("jobs").EnumerateArray())
        {
            await Fleet("job", "stop", job.GetProperty("name").GetString()!);
        }

        await Until("every process has stopped", async () => (await Pids()).Count == 0);
        await Until("every cgroup leaf is gone", () => Task.FromResult(!host.Leaves().Any()));
    }

    private (long First, long Count) SubIds
    {
        get
        {
            var range = File.ReadLines("/etc/subuid").Select(line => line.Split(':')).Single(line => line[0] == host.Options.User);
            return (long.Parse(range[1], CultureInfo.InvariantCulture), long.Parse(range[2], CultureInfo.InvariantCulture));
        }
    }

    private string[] AgentProgram => [$"{Staged.Folder}/fleet", "agent", "--config", Config];

    private Dictionary<string, string> Env => new()
    {
        ["FLEET_ADDRESS"] = $"unix:{Paths.Socket}",
        ["DOTNET_ROOT"] = Path.GetFullPath($"{System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory()}/../../.."),
        ["TZ"] = "UTC",
    };
}
