using System.CommandLine;
using System.CommandLine.Parsing;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.Privileges;

namespace Fleet.Client.Cli;

/// <summary>The options by which somebody asks for a root task, and the document that they make.</summary>
internal sealed class RootTaskOptions
{
    private readonly Option<string> timeout = Text("--timeout", "D", "After it the task is killed, with all that it started.", "1m");
    private readonly Option<string[]> privileges = Several("--privileges", "LIST", "What it may do beyond the baseline, comma-separated, such as capability:NET_ADMIN,host_network. Can be given more than once.");
    private readonly Option<string> user = Text("--user", "UID[:GID]", "Whom it runs as, in numbers. User or group 0 adds the privilege run_as_root.", "0:0");
    private readonly Option<string?> groups = new("--groups") { Description = "Supplementary groups, in numbers, comma-separated.", HelpName = "LIST" };
    private readonly Option<string> workdir = Text("--workdir", "DIR", "Where it runs.", "/");
    private readonly Option<string[]> env = Several("--env", "K=V", "A variable of its environment, which beside these has PATH and LANG alone. Can be given more than once.");
    private readonly Option<int> uses = RootArguments.Number("--uses", "How often each host may run it.", least: 1, GrantRules.MostUses);
    private readonly Option<string> outputLimit = Text("--output-limit", "SIZE", "Bytes of output after which it is killed.", "1M");
    private readonly Option<string?> digest = new("--program-digest") { Description = "The digest that the program must have on each host.", HelpName = "sha256:HEX" };
    private readonly Option<bool> record = new("--record") { Description = "Keep its output as a recording." };

    private readonly Argument<string[]> command = new("COMMAND") { Description = "The program by its absolute path, and its arguments; after --." };

    /// <param name="words">How many words a command has: none where something else may stand in its place.</param>
    public RootTaskOptions(ArgumentArity words) => command.Arity = words;

    /// <summary>The options that are of a root task alone.</summary>
    public Option[] Own => [timeout, privileges, user, groups, workdir, env, uses, outputLimit, digest, record];

    public Symbol[] All => [.. Own, command];

    public bool HasCommand(CommandResult line) => line.GetValue(command) is { Length: > 0 };

    /// <exception cref="CliException">An option means nothing.</exception>
    public GrantDocument Document(Session session, RootGrantOptions grant, RootPolicyInfo policy, string requester, bool breakGlass)
    {
        var task = Task(session);
        var asked = RootArguments.Privileges(session.Value(privileges)!);
        var isRoot = task.Uid == 0 || task.Gid == 0 || task.Groups.Contains(0);
        return grant.Document(session, policy, requester, breakGlass, isRoot ? asked.Union(new PrivilegeSet([new Privilege.RunAsRoot()])) : asked, task, null);
    }

    private RootTask Task(Session session)
    {
        var (uid, gid) = RootArguments.User(session.Value(user)!);
        return new RootTask(
            RootArguments.Command(session.Value(command)), RootArguments.Program(session.Value(digest)), RootArguments.Environment(session.Value(env)!), session.Value(workdir)!,
            uid, gid, RootArguments.Groups(session.Value(groups)), session.Value(uses), RootArguments.Seconds(session.Value(timeout)!),
            RootArguments.Size(session.Value(outputLimit)!), session.Value(record));
    }

    private static Option<string> Text(string name, string help, string description, string value) =>
        new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => value };

    private static Option<string[]> Several(string name, string help, string description) =>
        new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => [] };
}
