using Fleet.Client.Linux;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>The agent's own user namespace, in which it is root over its sub-ids and nothing else: the only way to give or to remove what is theirs.</summary>
internal static class AgentNamespace
{
    /// <exception cref="StartRefused">It failed; the message is the program's.</exception>
    public static async Task Run(string script, IEnumerable<string> args)
    {
        var result = await Try(script, args);
        if (!result.Succeeded)
        {
            var code = result.ExitCode == Scripts.Refused ? StartFailureCode.FilesRefused : StartFailureCode.RuntimeFailed;
            throw new StartRefused(code, $"folders could not be given to the job's user: {result.Error.Trim()}");
        }
    }

    public static Task<CommandResult> Try(string script, IEnumerable<string> args) => Command(script, args).Run();

    /// <summary>As <see cref="Try"/>, but the script begins nothing more when the agent is killed (and, seldom, when the thread that began it ends: then it fails).</summary>
    public static Task<CommandResult> TryWhileAlive(string script, IEnumerable<string> args) =>
        Inside(["/usr/bin/setpriv", "--pdeathsig", "KILL", "--", .. Shell(script, args)]).Run();

    public static Command Command(string script, IEnumerable<string> args) => Inside(Shell(script, args));

    private static string[] Shell(string script, IEnumerable<string> args) => ["/bin/sh", "-c", script, "sh", .. args];

    private static Command Inside(string[] command) => new("/usr/bin/unshare", ["--map-auto", "--map-root-user", "--", .. command]);
}
