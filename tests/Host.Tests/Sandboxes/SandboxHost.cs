using System.Globalization;
using Fleet.Client.Linux;
using Fleet.Host.Hosts;
using Fleet.Host.Sandboxes;
using Fleet.Hosts;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Sandboxes;

/// <summary>An ordinary user with sub-ids and a delegated cgroup, as `fleet host init` leaves one; all of it is gone afterwards.</summary>
public sealed class SandboxHost : IDisposable
{
    public const string User = "fleettest", Crun = "/usr/bin/crun", Runc = "/usr/sbin/runc";

    private const string Range = $"{User}:1100000000:1310720";
    private static readonly HostInitOptions Options = new() { User = User, CgroupName = User };
    private static readonly string[] Needed = [Crun, Runc, "/usr/bin/conmon", "/usr/bin/tini", "/usr/bin/newuidmap", "/usr/bin/setpriv", "/usr/bin/python3"];

    private int folders;

    /// <summary>Whether one hierarchy has all controllers.</summary>
    public static bool IsUnified { get; } = File.Exists("/sys/fs/cgroup/cgroup.controllers");

    public SandboxHost()
    {
        SkipReason = Reason();
        if (SkipReason is null)
        {
            Prepare();
        }
    }

    /// <summary>Why sandboxes cannot be tested here; null if they can.</summary>
    public string? SkipReason { get; }

    public int Uid { get; private set; }

    public int Gid { get; private set; }

    public string Root { get; } = $"/tmp/fleet-sandboxes-{Environment.ProcessId}";

    /// <summary>Settings with folders of their own.</summary>
    public SandboxSettings Fresh(string runtime)
    {
        var folder = $"{Root}/{Interlocked.Increment(ref folders)}";
        foreach (var path in (string[])[folder, $"{folder}/state", $"{folder}/vcap", $"{folder}/vcap/store"])
        {
            Directory.CreateDirectory(path, (UnixFileMode)0x1ED);
            Give(path);
        }

        return new SandboxSettings
        {
            Paths = new HostPaths($"{folder}/state", $"{folder}/vcap"), Runtime = runtime, Cgroup = User, SubIds = new SubIds(1100000000, 1100000000, 1310720),
        };
    }

    /// <summary>The folder of a run in a controller's hierarchy.</summary>
    public static string Leaf(string controller, RunId run) => $"/sys/fs/cgroup/{(IsUnified ? "" : $"{controller}/")}{User}/{run}";

    /// <summary>Makes a path the agent's.</summary>
    public void Give(string path) => Sh($"chown -h {User}:{User} '{path}'");

    public static string Sh(string script)
    {
        var result = new Command("/bin/sh", "-c", script).Run().GetAwaiter().GetResult();
        return result.Succeeded ? result.Output : throw new InvalidOperationException($"{script}: {result.Error}");
    }

    public void Dispose()
    {
        if (SkipReason is not null)
        {
            return;
        }

        foreach (var folder in Cgroups())
        {
            Sh($"[ ! -d {folder} ] || find {folder} -depth -type d -exec rmdir {{}} +");
        }

        Directory.Delete(Root, recursive: true);
        Sh($"sed -i '/^{User}:/d' /etc/subuid /etc/subgid; userdel {User}");
    }

    private void Prepare()
    {
        Sh($"id {User} >/dev/null 2>&1 || useradd -M -s /usr/sbin/nologin {User}; sed -i '/^{User}:/d' /etc/subuid /etc/subgid");
        Sh($"echo {Range} >> /etc/subuid; echo {Range} >> /etc/subgid");
        Uid = int.Parse(Sh($"id -u {User}"), CultureInfo.InvariantCulture);
        Gid = int.Parse(Sh($"id -g {User}"), CultureInfo.InvariantCulture);
        Directory.CreateDirectory(Root, (UnixFileMode)0x1ED);
        foreach (var requirement in CgroupLayout.Read().Requirements(Options))
        {
            requirement.Establish().GetAwaiter().GetResult();
        }
    }

    private static IEnumerable<string> Cgroups() => Directory.GetDirectories("/sys/fs/cgroup").Prepend("/sys/fs/cgroup").Select(mount => $"{mount}/{User}");

    private static string? Reason()
    {
        if (Environment.UserName != "root")
        {
            return "needs root, to make the agent's user and to delegate its cgroup";
        }

        if (Needed.FirstOrDefault(p => !File.Exists(p)) is { } missing)
        {
            return $"{missing} is missing: run build/install-deps.sh";
        }

        return null;
    }
}

[CollectionDefinition("sandboxes")]
public sealed class SandboxCollection : ICollectionFixture<SandboxHost>;
