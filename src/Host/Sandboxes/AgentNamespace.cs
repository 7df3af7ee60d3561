using Fleet.Host.Linux;
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

    public static Command Command(string script, IEnumerable<string> args) =>
        new("/usr/bin/unshare", ["--map-auto", "--map-root-user", "--", "/bin/sh", "-c", script, "sh", .. args]);
}
