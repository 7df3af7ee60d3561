using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Privileges;

namespace Fleet.Grants;

/// <summary>
/// What a grant must keep whatever a host's policy says: checked where it is made, and again by the root helper. The answer is every rule that is broken.
/// </summary>
public static partial class GrantRules
{
    public const int LongestText = 2000, MostArguments = 1000, MostUses = 1000, MostHosts = 1000, LongestTimeout = 86_400;

    /// <summary>The largest id that is somebody: 2^32-1 means nobody in particular to the kernel, and 2^31 on do not fit here.</summary>
    public const int LargestId = int.MaxValue - 1;

    public const long LargestOutput = 1L << 30;

    public static ImmutableArray<Mistake> Check(GrantDocument document) =>
    [
        .. Broken(document.FleetGrant != GrantFormat.Version, "fleet_grant", $"this version reads format {GrantFormat.Version}; got {document.FleetGrant}"),
        .. Name(document.Fleet, "fleet"),
        .. Name(document.Requester, "requester"),
        .. Broken(string.IsNullOrWhiteSpace(document.Reason), "reason", "a grant says why; got a blank reason"),
        .. Text(document.Reason, "reason"),
        .. Window(document),
        .. Hosts(document.Hosts),
        .. Paths(document.Privileges),
        .. Work(document),
    ];

    private static IEnumerable<Mistake> Window(GrantDocument document) =>
    [
        .. Broken(!IsPlain(document.NotBefore), "not_before", $"times are whole seconds in UTC; got {document.NotBefore:O}"),
        .. Broken(!IsPlain(document.NotAfter), "not_after", $"times are whole seconds in UTC; got {document.NotAfter:O}"),
        .. Broken(document.NotAfter <= document.NotBefore, "not_after", $"a window ends after it begins at {document.NotBefore:O}; got {document.NotAfter:O}"),
    ];

    private static IEnumerable<Mistake> Hosts(HostSelector hosts) =>
    [
        .. Broken(hosts.Names.IsEmpty == hosts.Labels.IsEmpty, "hosts", "hosts are given by their names or by their labels: one of the two"),
        .. Broken(hosts.Names.Length + hosts.Labels.Count > MostHosts, "hosts", $"a grant names at most {MostHosts} hosts; use a label"),
        .. hosts.Names.SelectMany((name, i) => Name(name, $"hosts.names[{i}]")),
        .. hosts.Labels.SelectMany(label => (IEnumerable<Mistake>)[.. Name(label.Key, "hosts.labels"), .. Name(label.Value, $"hosts.labels.{label.Key}")]),
    ];

    private static IEnumerable<Mistake> Paths(PrivilegeSet privileges) => privileges.Members.SelectMany(privilege => privilege switch
    {
        Privilege.UnrestrictedVolume volume => Folder(volume.Path, "privileges"),
        Privilege.Device device => Broken(!JobRules.IsDevice(device.Path), "privileges", $"a device is an absolute, canonical path below /dev; got '{Shown(device.Path)}'"),
        _ => [],
    });

    private static IEnumerable<Mistake> Work(GrantDocument document) => (document.RootTask, document.PrivilegedJob) switch
    {
        ({ } task, null) => [.. Task(task), .. Powers(task, document.Privileges)],
        (null, { } job) =>
        [
            .. Job(job, document.Privileges),
            .. Broken(document.BreakGlass && job.AtEnd == AtEnd.KeepRunning, "privileged_job.at_end", "what one person alone has approved ends with its window: at_end is stop"),
        ],
        _ => [new Mistake("", "a grant is for a root_task or for a privileged_job: one of the two, and null for the other")],
    };

    // Two processes of a job may have one path with different options, so here it may stand twice.
    private static IEnumerable<Mistake> Job(PrivilegedJob job, PrivilegeSet privileges) =>
    [
        .. Broken(privileges.IsBaseline, "privileges", $"a job of the baseline needs no grant; name the privileges of {job.Job}"),
        .. Broken(privileges.Members.Contains(new Privilege.HostNetwork()), "privileges", "a job has the host's network always; leave host_network out"),
        .. Broken(privileges.Members.Contains(new Privilege.Unconfined()), "privileges", "a job always has a sandbox: unconfined is of root tasks alone"),
    ];

    private static IEnumerable<Mistake> Task(RootTask task) =>
    [
        .. Program(task.Argv),
        .. Environment(task.Env),
        .. Folder(task.Workdir, "root_task.workdir"),
        .. Id(task.Uid, "root_task.uid"),
        .. Id(task.Gid, "root_task.gid"),
        .. Broken(task.Groups.Length > 64, "root_task.groups", $"at most 64 groups; got {task.Groups.Length}"),
        .. task.Groups.SelectMany((group, i) => Id(group, $"root_task.groups[{i}]")),
        .. Range(task.UsesPerHost, MostUses, "root_task.uses_per_host", "uses of each host"),
        .. Range(task.TimeoutSeconds, LongestTimeout, "root_task.timeout_seconds", "seconds"),
        .. Range(task.OutputLimit, LargestOutput, "root_task.output_limit", "bytes"),
    ];

    // What it may do is what the set says, and nothing else: root by its number, or all of the host, must be named to be granted.
    private static IEnumerable<Mistake> Powers(RootTask task, PrivilegeSet privileges) =>
    [
        .. privileges.Members.OfType<Privilege.UnrestrictedVolume>().GroupBy(volume => volume.Path).SelectMany(path => Broken(
            path.Count() > 1, "privileges", $"a path is granted once, with all its options; got '{Shown(path.Key)}' twice")),
        .. Broken(
            (task.Uid == 0 || task.Gid == 0 || task.Groups.Contains(0)) && !privileges.Members.Contains(new Privilege.RunAsRoot()),
            "privileges", "a task with the user or a group 0 asks for run_as_root"),
        .. Broken(
            privileges.Members.OfType<Privilege.UnrestrictedVolume>().Any(v => v.Path == "/"), "privileges",
            "the whole file system is not granted as a path: name its folders, or ask for unconfined"),
        .. Broken(privileges.Members.Contains(new Privilege.RootPreStart()), "privileges", "root_pre_start is of jobs; a root task has no hook"),
        .. Broken(
            privileges.Members.Contains(new Privilege.Unconfined()) && privileges.Members.Any(p => p is not (Privilege.Unconfined or Privilege.RunAsRoot)),
            "privileges", "unconfined is all that there is: beside it stands run_as_root at most"),
    ];

    private static IEnumerable<Mistake> Program(ImmutableArray<string> argv) =>
    [
        .. Broken(argv.IsEmpty, "root_task.argv", "a root task has a program"),
        .. Broken(argv.Length > MostArguments, "root_task.argv", $"at most {MostArguments} arguments; got {argv.Length}"),
        .. argv.Take(1).SelectMany(program => Folder(program, "root_task.argv[0]")),
        .. argv.SelectMany((argument, i) => NoNul(argument, $"root_task.argv[{i}]")),
    ];

    // Names that every shell takes. What LD_PRELOAD and its like do is seen by whoever signs.
    private static IEnumerable<Mistake> Environment(ImmutableSortedDictionary<string, string> env) =>
    [
        .. env.Keys.SelectMany(name => Broken(
            name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'),
            "root_task.env", $"a variable's name is of A-Z a-z 0-9 _ and begins with no digit; got '{Shown(name)}'")),
        .. env.SelectMany(variable => NoNul(variable.Value, $"root_task.env.{variable.Key}")),
    ];

    private static IEnumerable<Mistake> Folder(string? path, string at) =>
        Broken(path is not ['/', ..] || JobRules.Canonical(path) != path || !IsWhole(path), at, $"an absolute path without '.', '..' and doubled slashes; got '{Shown(path)}'");

    private static IEnumerable<Mistake> Id(int id, string at) => Broken(id is < 0 or > LargestId, at, $"an id is from 0 to {LargestId}; got {id}");

    private static IEnumerable<Mistake> Range(long value, long most, string at, string unit) =>
        Broken(value < 1 || value > most, at, $"from 1 to {most} {unit}; got {value}");

    /// <summary>Whether it is a word that can stand in files of one word a column: allowed_signers, logs.</summary>
    public static bool IsName(string? name) =>
        name is { Length: >= 1 and <= 255 } && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '@' or ':' or '+');

    private static IEnumerable<Mistake> Name(string? name, string at) => Broken(
        !IsName(name), at, $"1 to 255 characters of A-Z a-z 0-9 _ . - @ : +; got '{Shown(name)}'");

    private static IEnumerable<Mistake> Text(string? text, string at) => Broken(
        text is null || text.Length > LongestText || !IsWhole(text), at, $"at most {LongestText} characters, of whole Unicode and without NUL");

    private static IEnumerable<Mistake> NoNul(string? text, string at) => Broken(
        text is null || !IsWhole(text), at, "no NUL and no half of a surrogate pair: the kernel and the signed bytes must mean the same");

    // A lone surrogate has no bytes in UTF-8: two parsers would read two things.
    private static bool IsWhole(string text) => !text.Contains('\0') && !HalfPair().IsMatch(text);

    [GeneratedRegex(@"[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]")]
    private static partial Regex HalfPair();

    private static bool IsPlain(DateTimeOffset time) => time.Offset == TimeSpan.Zero && time.Ticks % TimeSpan.TicksPerSecond == 0;

    private static string Shown(string? text) => EventText.Visible(text ?? "null");

    private static IEnumerable<Mistake> Broken(bool broken, string path, string message) => broken ? [new Mistake(path, message)] : [];
}
