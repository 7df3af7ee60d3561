using System.Globalization;
using System.Text;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.Ledger;

namespace Fleet.Client.Cli;

/// <summary>A grant as people read it before they sign: every member of its document, from the very text that is signed.</summary>
internal static class GrantText
{
    private const int Column = 14;

    public static string Document(GrantDocument document) => Rows(
    [
        ("grant", [document.Id.Text]),
        ("fleet", [document.Fleet]),
        ("asked by", [document.Requester]),
        ("because", [document.Reason]),
        .. document.BreakGlass ? [("break-glass", ["yes: one approval is enough, and somebody else has to review it"])] : (IEnumerable<(string, IEnumerable<string>)>)[],
        ("on", [$"{(document.Hosts.Names.IsEmpty ? "every host with" : "")} {document.Hosts}".Trim()]),
        ("window", [$"{Session.Time(document.NotBefore)} to {Session.Time(document.NotAfter)} ({Duration.Format(document.NotAfter - document.NotBefore)})"]),
        ("privileges", document.Privileges.IsBaseline ? ["the baseline, none"] : document.Privileges.Members.Select(p => $"{p}: {PrivilegeMeaning.Of(p)}")),
        .. document.RootTask is { } task ? Task(task) : Job(document.PrivilegedJob!),
    ]);

    /// <summary>What has become of it, and what people may do next.</summary>
    public static string Standing(GrantDetail grant) => Rows(
    [
        ("state", [State(grant)]),
        ("request", [Signature(grant.Request)]),
        ("approvals", grant.Approvals.Length == 0 ? ["none"] : grant.Approvals.Select(Signature)),
        ("uses", grant.Uses.Length == 0 ? ["none"] : Uses(grant.Uses)),
        .. grant.State == "requested" ? [("to approve", Signing(grant.Id, "approve", SignatureNamespaces.Grant))] : (IEnumerable<(string, IEnumerable<string>)>)[],
        .. grant.Review == "due" ? [("to review", Signing(grant.Id, "review", SignatureNamespaces.Review))] : (IEnumerable<(string, IEnumerable<string>)>)[],
    ]);

    public static string List(GrantList list)
    {
        if (list.Grants.Length == 0)
        {
            return "no grants: ask for one with 'fleet root request', or see those that are over with 'fleet root list --all'\n";
        }

        var table = new TextTable("GRANT", "STATE", "UNTIL", "ASKED BY", "ON", "WHAT");
        foreach (var grant in list.Grants)
        {
            var state = (grant.Missing, grant.Review) switch
            {
                (> 0, _) => $"{grant.State}, {grant.Missing} missing",
                (_, "due") => $"{grant.State}, review due",
                _ => grant.State,
            };
            table.Add(grant.Id, state, Session.Time(grant.NotAfter), grant.Requester, grant.Hosts, grant.What);
        }

        return table.Render(Session.Width);
    }

    private static IEnumerable<(string, IEnumerable<string>)> Task(RootTask task) =>
    [
        ("runs", task.Argv.Select(Quoted)),
        ("program", [task.Program is { } digest ? $"must have the digest {digest}" : "any: what root keeps at that path"]),
        ("as", [$"user {task.Uid}, group {task.Gid}, supplementary groups {(task.Groups.IsEmpty ? "none" : string.Join(", ", task.Groups))}"]),
        ("in", [Quoted(task.Workdir)]),
        ("environment", task.Env.IsEmpty ? ["empty"] : task.Env.Select(v => $"{v.Key}={Quoted(v.Value)}")),
        ("times", [$"{task.UsesPerHost} on each host"]),
        ("timeout", [$"{Duration.Format(TimeSpan.FromSeconds(task.TimeoutSeconds))}, then it is killed with all that it started"]),
        ("output", [string.Create(CultureInfo.InvariantCulture, $"at most {task.OutputLimit} bytes, then it is killed; {(task.Record ? "kept as a recording" : "not recorded")}")]),
    ];

    private static IEnumerable<(string, IEnumerable<string>)> Job(PrivilegedJob job) =>
    [
        ("runs", [$"job {job.Job} with the content {job.Content}"]),
        ("compare", ["fleet job validate FILE prints the content of a job file: sign for one that you have read"]),
        ("at its end", [job.AtEnd == AtEnd.Stop ? "the job's processes are stopped" : "the job's processes go on, and are not started again"]),
    ];

    // How often where, and then each with its times.
    private static IEnumerable<string> Uses(GrantUseInfo[] uses) =>
    [
        .. uses.Where(u => u.State is "ended" or "lost").CountBy(u => u.Host).Select(spent => $"{spent.Key} has used it {spent.Value} {(spent.Value == 1 ? "time" : "times")}"),
        .. uses.Select(u => $"{u.Host} use {u.Use}: {(u.State == "begun" ? "" : $"{u.State} {Session.Time(u.Since)}, ")}begun {Session.Time(u.Begun)}"),
    ];

    public static string State(GrantDetail grant)
    {
        var more = (grant.State, grant.Review) switch
        {
            ("requested", _) => $": {grant.Missing} more must approve it{(grant.RequesterCounts ? "" : ", who asked not among them")}",
            (_, "due") => $"{Why(grant)}; somebody who neither asked nor approved has to review it",
            (_, "done") => $"{Why(grant)}; reviewed",
            _ => Why(grant),
        };
        return grant.State + more;
    }

    private static string Why(GrantDetail grant) => grant.Why is null ? "" : $": {grant.Why}";

    private static string Signature(SignatureInfo signature) => $"{signature.Principal} ({signature.Key})";

    private static IEnumerable<string> Signing(string id, string verb, string purpose) =>
    [
        $"fleet root {verb} {id} --key FILE",
        $"or: fleet root show {id} --bytes | ssh-keygen -Y sign -n {purpose} -f KEY > sig",
        $"    fleet root {verb} {id} --signature sig",
    ];

    // An argument may hold anything, and the one that ends in a blank must not look like another.
    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string Rows(IEnumerable<(string Name, IEnumerable<string> Values)> rows)
    {
        var text = new StringBuilder();
        foreach (var (name, values) in rows)
        {
            var head = name;
            foreach (var value in values)
            {
                text.AppendLine($"{head.PadRight(Column)}{EventText.Visible(value)}");
                head = "";
            }
        }

        return text.ToString();
    }
}
