using Fleet.Client.Linux;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>The running program, and how this process becomes another one: same pid, so that signals reach it without a parent passing them on.</summary>
internal static class ThisProgram
{
    /// <summary>The program and the arguments that lead to this one: itself, or dotnet and the assembly.</summary>
    public static IReadOnlyList<string> Command
    {
        get
        {
            var path = Environment.ProcessPath!;
            return Path.GetFileName(path) == "dotnet" ? [path, "exec", Environment.GetCommandLineArgs()[0]] : [path];
        }
    }

    /// <summary>The root helper that came with this program.</summary>
    public static string RootHelper => Path.Combine(AppContext.BaseDirectory, "fleet-root-helper");

    /// <summary>Replaces this process; the environment is rebuilt from what is named here. Returns only by its exception.</summary>
    /// <exception cref="AgentRefusedException">The program cannot be run.</exception>
    public static int Become(IReadOnlyList<string> command, string home)
    {
        var why = ProcessImage.Replace(command[0], command, WholeEnv(home));
        throw new AgentRefusedException($"could not run {command[0]}: {why}");
    }

    /// <summary>What of this process's environment another run of the program gets as well.</summary>
    public static IReadOnlyDictionary<string, string> Env => new[] { "TERM", "NO_COLOR", "DOTNET_ROOT", "TZ" }
        .Where(name => Environment.GetEnvironmentVariable(name) is not null)
        .ToDictionary(name => name, name => Environment.GetEnvironmentVariable(name)!);

    private static IEnumerable<string> WholeEnv(string home) =>
        Env.Select(pair => $"{pair.Key}={pair.Value}").Concat([$"PATH={Client.Linux.Command.Path}", "LANG=C.UTF-8", $"HOME={home}"]);
}
