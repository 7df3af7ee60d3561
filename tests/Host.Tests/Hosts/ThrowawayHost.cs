using System.Collections.Immutable;
using Fleet.Client.Linux;
using Fleet.Host.Hosts;

namespace Fleet.Host.Tests.Hosts;

/// <summary>This very machine, prepared for a user, folders and cgroups of the test's own; all of it goes at the end.</summary>
public sealed class ThrowawayHost : IDisposable
{
    private static int count;

    public ThrowawayHost()
    {
        Skip.IfNot(Environment.UserName == "root", "preparing a host needs root");
        Folder = Directory.CreateTempSubdirectory("fleet-init-").FullName;
        File.SetUnixFileMode(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var name = $"fleetinit-{Environment.ProcessId}-{Interlocked.Increment(ref count)}";
        RootPrefix = $"/var/lib/fleet-init-test-{Environment.ProcessId}-{count}";
        Options = new HostInitOptions { User = name, CgroupName = name, State = $"{Folder}/state", Bosh = $"{Folder}/state/vcap", Slices = 8, RootPrefix = RootPrefix };
    }

    /// <summary>Where its root keeps files: root alone can write the folders above. It is there once the host is prepared.</summary>
    public string RootPrefix { get; }

    public string Folder { get; }

    public HostInitOptions Options { get; }

    public async Task<ImmutableArray<HostInitLine>> Init() => await HostInit.Run(Options);

    /// <summary>Prepares it and asserts that all of it worked.</summary>
    public async Task Prepare() => Assert.Empty((await Init()).Where(line => line.Outcome == HostInitOutcome.Failed));

    /// <summary>A file system of its own under the state folder.</summary>
    public async Task MountDisk(string? size)
    {
        if (size is not null)
        {
            Directory.CreateDirectory(Options.State);
            var mount = await new Command("/usr/bin/mount", "-t", "tmpfs", "-o", $"size={size},mode=0755", "tmpfs", Options.State).Run();
            Skip.IfNot(mount.Succeeded, $"a tmpfs cannot be mounted here: {mount.Error}");
        }
    }

    /// <summary>Runs a shell script as the throwaway user.</summary>
    public Task<CommandResult> AsUser(string script) => AsUser("sh", "-ec", script).Run();

    /// <summary>A command as the throwaway user, from where its agent is.</summary>
    public Command AsUser(params string[] command)
    {
        var whole = AgentLeaf.Command(Options.CgroupName, ["setpriv", "--reuid", Options.User, "--regid", Options.User, "--init-groups", "--inh-caps=-all", .. command]);
        return new Command(whole[0], [.. whole.Skip(1)]);
    }

    /// <summary>The delegated groups: one for each controller, or on v2 one.</summary>
    public IEnumerable<string> Cgroups() => Directory.GetDirectories("/sys/fs/cgroup").Prepend("/sys/fs/cgroup")
        .Select(mount => $"{mount}/{Options.CgroupName}").Where(Directory.Exists);

    /// <summary>What was made in them, beside the agent's own leaf.</summary>
    public IEnumerable<string> Leaves() => Cgroups().SelectMany(Directory.GetDirectories).Where(leaf => Path.GetFileName(leaf) != "agent");

    public void Dispose()
    {
        foreach (var group in Cgroups().ToList())
        {
            Directory.GetDirectories(group).ToList().ForEach(Directory.Delete);
            Directory.Delete(group);
        }

        new Command("userdel", Options.User).Run().Wait();
        new Command("/usr/bin/umount", "--quiet", Options.State).Run().Wait(); // Where MountDisk mounted one.
        Directory.Delete(Folder, recursive: true);
        if (Directory.Exists(RootPrefix))
        {
            Directory.Delete(RootPrefix, recursive: true);
        }
    }
}
