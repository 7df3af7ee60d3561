using Fleet.Client.Linux;
using Fleet.Host.Tests.Api;

namespace Fleet.Host.Tests.Cli;

/// <summary>The real binary, in a process of its own.</summary>
internal static class FleetProgram
{
    private static readonly string Binary = Path.Combine(AppContext.BaseDirectory, "fleet");

    public static Task<CommandResult> Run(RunningApi? api, params string[] args) => Command(api, args).Run();

    public static Command Command(RunningApi? api, params string[] args)
    {
        var env = new Dictionary<string, string> { ["TZ"] = "UTC", ["DOTNET_ROOT"] = Path.GetFullPath($"{System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory()}/../../..") };
        if (api is not null)
        {
            env["FLEET_ADDRESS"] = $"unix:{api.Paths.Socket}";
        }

        return new Command(Binary, args) { Env = env, Timeout = TimeSpan.FromMinutes(1) };
    }
}
