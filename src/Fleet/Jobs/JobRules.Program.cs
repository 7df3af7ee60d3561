using Fleet.Processes;

namespace Fleet.Jobs;

/// <summary>What is run, where, with which environment and as whom.</summary>
public static partial class JobRules
{
    /// <summary>The size of a job's slice of sub-ids, less one: a larger id could not be mapped.</summary>
    public const int MaxId = 65535;

    private static IEnumerable<Mistake> CheckProgram(ProcessSpec process, string at) =>
    [
        .. Broken(!ProcessId.IsName(process.Name), $"{at}.name", $"{ProcessId.NameRule}; got '{process.Name}'"),
        .. Broken(process.Executable.Length == 0, $"{at}.executable", "a process has an executable: its path inside the sandbox"),
        .. Broken(process.Workdir is { } dir && !dir.StartsWith('/'), $"{at}.workdir", $"a working directory is an absolute path inside the sandbox; got '{process.Workdir}'"),
        .. Broken(
            process.Hooks.PreStart is { } hook && !hook.StartsWith('/'), $"{at}.hooks.pre_start",
            $"pre_start is the absolute path of one program, without arguments; got '{process.Hooks.PreStart}'"),
    ];

    private static IEnumerable<Mistake> CheckEnv(ProcessSpec process, string at) =>
        process.Env.Keys
            .Where(name => name.Length == 0 || name.Contains('='))
            .Select(name => new Mistake($"{at}.env.{name}", $"the name of an environment variable is not empty and has no '='; got '{name}'"));

    private static IEnumerable<Mistake> CheckUser(UserIds user, string at) => [.. CheckId(user.Uid, $"{at}.uid"), .. CheckId(user.Gid, $"{at}.gid")];

    private static IEnumerable<Mistake> CheckId(int id, string at) =>
        Broken(id is < 0 or > MaxId, at, $"an id inside the sandbox is from 0 to {MaxId}; got {id}");
}
