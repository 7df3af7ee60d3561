using System.Text.RegularExpressions;
using Fleet.Client.Cli;
using Fleet.Hosts;

namespace Fleet.Host.Hosts;

/// <summary>What a host is prepared for. The defaults are those of an installed host; <c>fleet up --dir DIR</c> has its own folders.</summary>
public sealed partial record HostInitOptions
{
    /// <summary>The ordinary user that the agent runs as, and its group's name.</summary>
    public string User { get; init; } = HostCommand.Init.DefaultUser;

    public string State { get; init; } = HostCommand.Init.DefaultState;

    public string Bosh
    {
        get => field ?? $"{State}/vcap";
        init;
    }

    /// <summary>The cgroup below each controller's root that the agent may fill.</summary>
    public string CgroupName { get; init; } = HostCommand.Init.DefaultCgroup;

    /// <summary>Slices of 65,536 sub-ids, one for each job that runs or keeps something; 1 to 1000.</summary>
    public int Slices { get; init; } = 256;

    /// <summary>Goes before the paths of root's files about grants; empty on an installed host, else for trying things out.</summary>
    public string RootPrefix { get; init; } = "";

    /// <summary>Whether systemd is to start the root helper: it reads units in one place alone, so never with a prefix; <c>fleet up</c> starts one itself.</summary>
    public bool HasSystemd { get; init; }

    /// <summary>The program that is to run as root.</summary>
    public string RootHelper { get; init; } = ThisProgram.RootHelper;

    public RootPlaces Root => new(RootPrefix) { Helper = RootHelper };

    public HostPaths Paths => new(State, Bosh);

    /// <summary>The command that prepares a host so: what is not the default, as its options.</summary>
    public string Command => string.Join(' ', new[]
    {
        "sudo fleet host init",
        User == Default.User ? "" : $"--user {User}",
        State == Default.State ? "" : $"--state {State}",
        Bosh == $"{State}/vcap" ? "" : $"--bosh-root {Bosh}",
        CgroupName == Default.CgroupName ? "" : $"--cgroup {CgroupName}",
        RootPrefix.Length == 0 ? "" : $"--root-prefix {RootPrefix}",
    }.Where(word => word.Length > 0));

    /// <summary>The same with root's files below a prefix; with none, also with systemd where the host runs it (sd_booted(3)).</summary>
    public HostInitOptions At(string rootPrefix) => this with { RootPrefix = rootPrefix, HasSystemd = rootPrefix.Length == 0 && Directory.Exists("/run/systemd/system") };

    /// <summary>What root must not be asked to do, whatever stands on the disk; null: nothing.</summary>
    public HostInitLine? Mistake =>
        ((string[])[State, Bosh, .. RootPrefix.Length == 0 ? [] : (string[])[RootPrefix]]).FirstOrDefault(path => !IsFolder(path)) is { } folder
            ? Wrong("folders", $"a folder is an absolute path without '..' and not '/', and '{folder}' is not")
        : !UserName().IsMatch(User) ? Wrong("user", $"a user's name is 1 to 32 characters of a-z 0-9 _ -, the first a letter or _ (useradd(8)), and '{User}' is not")
        : !CgroupPath().IsMatch(CgroupName) ? Wrong("cgroup", $"a cgroup is {CgroupRule}, and '{CgroupName}' is not")
        : null;

    public const string CgroupRule = "names of A-Z a-z 0-9 _ . - with / between them, none beginning with a dot";

    [GeneratedRegex(@"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*\z")]
    public static partial Regex CgroupPath();

    [GeneratedRegex(@"^[a-z_][a-z0-9_-]{0,31}\z")]
    private static partial Regex UserName();

    private static bool IsFolder(string path) => !path.Any(char.IsControl) && Path.IsPathFullyQualified(path) && path == Path.GetFullPath(path) && Path.GetFileName(path).Length > 0;

    private static HostInitLine Wrong(string what, string message) => new(what, HostInitOutcome.Failed, message, "name another");

    private static HostInitOptions Default { get; } = new();
}
