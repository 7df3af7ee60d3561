using Fleet.Actors;
using Fleet.Host.Linux;
using Fleet.Host.Sandboxes;
using Fleet.Processes;

namespace Fleet.Host.Hosts;

/// <param name="Dir">State under it; made if it is missing. Relative to the current folder.</param>
/// <param name="RootPrefix">Before the paths of root's files about grants; empty: those of an installed host.</param>
public sealed record UpOptions(string Dir, string RootPrefix = "");

/// <summary>
/// <c>fleet up</c>: one host's agent in the foreground, with all its state under one folder.
/// <code>
///   as root:          host init for the folder -> starts the root helper's listener, where there is a policy
///                     -> becomes `setpriv ... fleet up` as the user fleet
///   as that user:     checks the host -> writes DIR/agent.conf -> becomes `fleet agent --config DIR/agent.conf`
/// </code>
/// Each step replaces the process, so Ctrl-C and signals reach the agent itself, and root writes nothing where the agent could plant a link.
/// </summary>
public static class Up
{
    /// <summary>Returns only on failure: 1, after saying on stderr what is missing and how to get it.</summary>
    public static async Task<int> Run(UpOptions options)
    {
        try
        {
            return Credentials.EffectiveUser() == 0 ? await AsRoot(options) : AsUser(options);
        }
        catch (Exception e) when (e is AgentRefusedException or HostInitException or IOException or UnauthorizedAccessException)
        {
            return Fail(e.Message);
        }
    }

    internal static HostInitOptions InitOptions(UpOptions options, string user)
    {
        var state = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Dir));
        var installed = new HostInitOptions();
        return new HostInitOptions
        {
            User = user,
            State = state,
            Bosh = $"{state}/vcap",
            RootPrefix = options.RootPrefix,
            CgroupName = user == installed.User ? installed.CgroupName : $"{installed.CgroupName}-{user}",
        };
    }

    /// <summary>The program and arguments that drop root for good. The bounding set stays: newuidmap, which is set-uid root, needs it.</summary>
    internal static IReadOnlyList<string> DropRoot(HostInitOptions init, IReadOnlyList<string> self) =>
    [
        "/usr/bin/setpriv", "--reuid", init.User, "--regid", init.User, "--init-groups", "--inh-caps=-all", "--",
        .. self, "up", "--dir", init.State, .. init.RootPrefix.Length == 0 ? [] : (string[])["--root-prefix", init.RootPrefix],
    ];

    private static async Task<int> AsRoot(UpOptions options)
    {
        var init = InitOptions(options, new HostInitOptions().User);
        var lines = await HostInit.Run(init);
        foreach (var line in lines.Where(line => line.Outcome == HostInitOutcome.Done))
        {
            await Console.Error.WriteLineAsync($"{line.Name}: {line.Detail}");
        }

        if (Report(lines.Where(line => line.Outcome == HostInitOutcome.Failed)) || Report(UnreachableProgram(init)))
        {
            return 1;
        }

        await new RootHelperStart(init, Environment.ProcessId, Console.Error).Run();
        CgroupV2Requirement.JoinAgentLeaf(init); // The listener stays out of it: the agent may move and end what is in there.
        return ThisProgram.Become(DropRoot(init, ThisProgram.Command), init.State);
    }

    private static int AsUser(UpOptions options)
    {
        var init = InitOptions(options, AgentUser.CurrentName);
        if (Report(HostCheck.Missing(init)))
        {
            return 1;
        }

        if (Cgroups.OfThisHost(init.CgroupName).Missing(new Limits()) is { } missing)
        {
            return Fail(missing);
        }

        var config = $"{init.State}/agent.conf";
        var temporary = $"{config}.{Environment.ProcessId}";
        File.WriteAllText(temporary, Config(init));
        File.Move(temporary, config, overwrite: true);
        return ThisProgram.Become([.. ThisProgram.Command, "agent", "--config", config], init.State);
    }

    /// <summary>What differs from the defaults on such a host (HOCON).</summary>
    internal static string Config(HostInitOptions init) =>
        $$"""
        # Written by `fleet up` at each start; edits are lost. An installed host has its own, see docs/install.md.
        fleet {
          # Both in one process: a fleet of one host.
          roles = ["control", "host"]
          state = {{Hocon.Quoted(init.State)}}
          bosh-root = {{Hocon.Quoted(init.Bosh)}}
          sandbox.cgroup = {{Hocon.Quoted(init.CgroupName)}}
          api.socket = {{Hocon.Quoted(init.Paths.Socket)}}
          root { policy = {{Hocon.Quoted(init.Root.Folder)}}, socket = {{Hocon.Quoted(init.Root.Socket)}} }
        }

        """;

    // The user must be able to run this very program; a checkout in somebody's home often cannot be reached.
    private static IEnumerable<HostInitLine> UnreachableProgram(HostInitOptions init) => ThisProgram.Command
        .Where(Path.IsPathRooted)
        .Select(path => new SearchableRequirement(path).Check())
        .OfType<Finding.Missing>()
        .Select(missing => new HostInitLine("program", HostInitOutcome.Failed,
            $"{init.User} cannot reach this program: {missing.Detail}", $"{missing.Remedy}; or copy the program's folder to one such as /usr/local/lib/fleet"));

    private static bool Report(IEnumerable<HostInitLine> failures)
    {
        var all = failures.ToList();
        all.ForEach(line => Fail($"{line.Name}: {line.Detail}\n  remedy: {line.Remedy}"));
        return all.Count > 0;
    }

    private static int Fail(string message)
    {
        Console.Error.WriteLine($"fleet up: {message}");
        return 1;
    }
}
