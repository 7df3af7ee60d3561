using System.Net.Sockets;
using Fleet.Client.Cli;
using Fleet.Host.Hosts;
using Fleet.Host.Linux;
using Microsoft.Data.Sqlite;
using Serilog;

namespace Fleet.Host.Agent;

/// <summary>Runs an agent in the foreground until it is asked to end; the jobs outlive it.</summary>
public static class AgentHost
{
    /// <returns>0 after an orderly end; 1 if it could not start or go on, having said why on stderr; 2 for a wrong configuration.</returns>
    public static async Task<int> Run(string? configFile)
    {
        try
        {
            var settings = AgentSettings.Load(configFile);
            AgentUser.RefuseRoot();
            AgentFolders.Make(settings);
            using var owned = AgentLock.Acquire(settings.Paths);
            using var alone = AgentLock.AcquireUser(Credentials.EffectiveUser());
            await using var agent = new RunningAgent(settings, AgentLog.Begin(settings));
            return await agent.Serve();
        }
        catch (SettingsException e)
        {
            return Say(ExitCodes.Usage, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or SqliteException or SocketException)
        {
            return Say(ExitCodes.Failed, $"the agent cannot run: {e.Message}");
        }
        finally
        {
            await Log.CloseAndFlushAsync();
        }
    }

    private static int Say(int code, string message)
    {
        Console.Error.WriteLine($"error: {message}");
        return code;
    }
}
